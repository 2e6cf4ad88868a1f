import type { Feature } from '@/app/feature';
import { IconPulse } from '@/ui/icons';

export const feature: Feature = {
	id: 'live',
	links: [{ section: 'api', label: 'Live', href: '/api/live', order: 2, icon: <IconPulse /> }],
	routes: [{ path: '/api/live', section: 'api', title: 'Live queries', load: () => import('./LivePage') }],
	actions: ({ go }) => [
		{
			id: 'live.open',
			group: 'Pages',
			label: 'Live queries',
			description: 'Subscriptions and streams that run now',
			keywords: 'subscription realtime websocket inspector monitoring',
			run: () => go('/api/live'),
		},
	],
};
