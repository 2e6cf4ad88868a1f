import type { Feature } from '@/app/feature';
import { IconApi } from '@/ui/icons';

export const feature: Feature = {
	id: 'explorer',
	sections: [{ id: 'api', label: 'API', href: '/api/api-explorer', order: 1, key: 'a', icon: <IconApi /> }],
	links: [{ section: 'api', label: 'Explorer', href: '/api/api-explorer', order: 1, icon: <IconApi /> }],
	routes: [{ path: '/api/api-explorer', section: 'api', title: 'API', load: () => import('./ExplorerPage') }],
	actions: ({ go }) => [
		{
			id: 'explorer.open',
			group: 'Pages',
			label: 'API explorer',
			keywords: 'graphql query',
			run: () => go('/api/api-explorer'),
		},
	],
};
