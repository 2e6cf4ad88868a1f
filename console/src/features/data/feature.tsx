import type { Feature } from '@/app/feature';
import { IconDatabase, IconSchema } from '@/ui/icons';
import { dataActions } from './actions';

export const feature: Feature = {
	id: 'data',
	sections: [
		{
			id: 'data',
			label: 'Data',
			href: '/data',
			order: 2,
			key: 'd',
			icon: <IconDatabase />,
			sidebar: () => import('./Sidebar'),
		},
	],
	links: [{ section: 'data', label: 'Databases', href: '/data/manage', order: 1, icon: <IconSchema /> }],
	routes: [
		{ path: '/data', section: 'data', title: 'Data', load: () => import('./StartPage') },
		{ path: '/data/manage', section: 'data', title: 'Databases', load: () => import('./SourcesPage') },
	],
	actions: dataActions,
};
