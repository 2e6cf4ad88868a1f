import type { Feature } from '@/app/feature';
import { IconDatabase, IconSchema } from '@/ui/icons';
import { dataActions } from './actions';

const TABLE = '/data/:source/schema/:schema/:kind/:table';

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
		{ path: '/data/:source', section: 'data', title: ':source', load: () => import('./SourceStart') },
		{ path: '/data/:source/schema/:schema', section: 'data', title: ':schema', load: () => import('./SchemaPage') },
		{ path: TABLE, section: 'data', title: ':table', load: () => import('./TableStart') },
		{ path: `${TABLE}/browse`, section: 'data', title: ':table', load: () => import('./browse/BrowsePage') },
		{
			path: `${TABLE}/insert`,
			section: 'data',
			title: 'Insert into :table',
			load: () => import('./browse/InsertPage'),
		},
		{ path: `${TABLE}/edit`, section: 'data', title: 'Edit a row of :table', load: () => import('./browse/EditPage') },
		{
			path: `${TABLE}/relationships`,
			section: 'data',
			title: ':table relationships',
			load: () => import('./RelationshipsPage'),
		},
		{
			path: `${TABLE}/permissions`,
			section: 'data',
			title: ':table permissions',
			load: () => import('./permissions/PermissionsPage'),
		},
	],
	actions: dataActions,
};
