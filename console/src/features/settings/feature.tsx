import { useSession } from '@/api/session';
import type { Feature } from '@/app/feature';
import { IconInfo, IconLogout, IconSchema, IconSettings, IconUser, IconWarning } from '@/ui/icons';

export const feature: Feature = {
	id: 'settings',
	sections: [
		{
			id: 'settings',
			label: 'Settings',
			href: '/settings',
			order: 9,
			key: 's',
			icon: <IconSettings />,
			sidebar: () => import('./Sidebar'),
		},
	],
	links: [
		{ section: 'settings', label: 'Metadata', href: '/settings/metadata-actions', order: 1, icon: <IconSchema /> },
		{
			section: 'settings',
			label: 'Metadata status',
			href: '/settings/metadata-status',
			order: 2,
			icon: <IconWarning />,
		},
		{ section: 'settings', label: 'Inherited roles', href: '/settings/inherited-roles', order: 3, icon: <IconUser /> },
		{ section: 'settings', label: 'About', href: '/settings/about', order: 8, icon: <IconInfo /> },
		{
			section: 'settings',
			label: 'Log out',
			href: '/settings/logout',
			order: 9,
			icon: <IconLogout />,
			visible: (config) => config.adminSecretRequired,
		},
	],
	routes: [
		{ path: '/settings', section: 'settings', title: 'Settings', load: () => import('./StartPage') },
		{ path: '/settings/metadata-actions', section: 'settings', title: 'Metadata', load: () => import('./ActionsPage') },
		{
			path: '/settings/metadata-status',
			section: 'settings',
			title: 'Metadata status',
			load: () => import('./StatusPage'),
		},
		{
			path: '/settings/inherited-roles',
			section: 'settings',
			title: 'Inherited roles',
			load: () => import('./RolesPage'),
		},
		{ path: '/settings/about', section: 'settings', title: 'About', load: () => import('./AboutPage') },
		{ path: '/settings/logout', section: 'settings', title: 'Log out', load: () => import('./LogoutPage') },
	],
	actions: ({ go, config }) => {
		const pages: [string, string, string, string][] = [
			[
				'metadata-actions',
				'Metadata',
				'Export, import, reload, reset',
				'export import diff download upload clear replace reload',
			],
			['metadata-status', 'Metadata status', 'Inconsistent objects', 'inconsistent errors drop'],
			['inherited-roles', 'Inherited roles', 'Roles made of roles', ''],
			['about', 'About', 'Versions and settings of the server', 'version config'],
		];
		const found = pages.map(([path, label, description, keywords]) => ({
			id: `settings.${path}`,
			group: 'Pages',
			label,
			description,
			keywords: `settings ${keywords}`,
			run: () => go(`/settings/${path}`),
		}));
		if (!config.adminSecretRequired) return found;
		const logout = {
			id: 'settings.logout',
			group: 'Actions',
			label: 'Log out',
			description: 'Forget the admin secret in this browser',
			keywords: 'secret',
			run: () => useSession.getState().logout(),
		};
		return [...found, logout];
	},
};
