import type { Feature } from '@/app/feature';
import { IconTerminal } from '@/ui/icons';

export const feature: Feature = {
	id: 'sql',
	links: [{ section: 'data', label: 'SQL', href: '/data/sql', order: 2, icon: <IconTerminal /> }],
	routes: [{ path: '/data/sql', section: 'data', title: 'SQL', load: () => import('./SqlPage') }],
	actions: ({ go }) => [
		{
			id: 'sql.open',
			group: 'Pages',
			label: 'SQL',
			description: 'Run statements, see plans',
			keywords: 'raw query statement explain run_sql',
			run: () => go('/data/sql'),
		},
	],
};
