import type { Feature } from '@/app/feature';
import { IconMigrate } from '@/ui/icons';

export const feature: Feature = {
	id: 'migrations',
	links: [{ section: 'data', label: 'Migrations', href: '/data/migrations', order: 3, icon: <IconMigrate /> }],
	routes: [{ path: '/data/migrations', section: 'data', title: 'Migrations', load: () => import('./MigrationsPage') }],
	actions: ({ go }) => [
		{
			id: 'migrations.open',
			group: 'Pages',
			label: 'Migrations',
			description: 'Allow schema changes via console, status of migrations',
			keywords: 'migrate postgres toggle',
			run: () => go('/data/migrations'),
		},
	],
};
