import type { ActionContext, PaletteAction } from '@/app/feature';

export function dataActions({ go }: ActionContext): PaletteAction[] {
	return [{ id: 'data.manage', group: 'Pages', label: 'Databases', run: () => go('/data/manage') }];
}
