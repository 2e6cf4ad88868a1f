// Which columns of a table are seen, where and how wide: remembered in this browser, table by table.
import type { QualifiedName } from '@/model/metadata';

export interface Layout {
	/** Columns the user has moved, in order; others follow as the table has them. */
	order: string[];
	hidden: string[];
	pinned: string[];
	widths: Record<string, number>;
}

export const NO_LAYOUT: Layout = { order: [], hidden: [], pinned: [], widths: {} };
export const MIN_WIDTH = 60;
export const MAX_WIDTH = 1200;

const strings = (v: unknown): string[] => (Array.isArray(v) ? v.filter((x) => typeof x === 'string') : []);

export function parseLayout(text: string | null): Layout {
	try {
		const v = JSON.parse(text ?? '') as Partial<Record<keyof Layout, unknown>>;
		const widths = Object.entries((v.widths ?? {}) as Record<string, unknown>).filter(
			(e): e is [string, number] => typeof e[1] === 'number' && e[1] >= MIN_WIDTH && e[1] <= MAX_WIDTH,
		);
		return {
			order: strings(v.order),
			hidden: strings(v.hidden),
			pinned: strings(v.pinned),
			widths: Object.fromEntries(widths),
		};
	} catch {
		return NO_LAYOUT;
	}
}

const key = (source: string, t: QualifiedName) => `weir.grid.${JSON.stringify([source, t.schema, t.name])}`;

export function loadLayout(source: string, t: QualifiedName): Layout {
	try {
		return parseLayout(localStorage.getItem(key(source, t)));
	} catch {
		return NO_LAYOUT;
	}
}

export function saveLayout(source: string, t: QualifiedName, layout: Layout) {
	try {
		if (layout === NO_LAYOUT) localStorage.removeItem(key(source, t));
		else localStorage.setItem(key(source, t), JSON.stringify(layout));
	} catch {
		// storage may be forbidden or full: then for this page only
	}
}

/** All columns in the order of the layout, pinned ones first. */
export function arrange(ids: string[], layout: Layout): string[] {
	const known = layout.order.filter((id) => ids.includes(id));
	const all = [...known, ...ids.filter((id) => !known.includes(id))];
	return [...all.filter((id) => layout.pinned.includes(id)), ...all.filter((id) => !layout.pinned.includes(id))];
}

export const visible = (ids: string[], layout: Layout) =>
	arrange(ids, layout).filter((id) => !layout.hidden.includes(id));

/** Moves a column before (or, `by` 1, behind) where another one is. */
export function moveTo(ids: string[], layout: Layout, id: string, target: string): Layout {
	const all = arrange(ids, layout);
	const to = all.indexOf(target);
	if (to < 0 || id === target) return layout;
	const rest = all.filter((x) => x !== id);
	rest.splice(to, 0, id);
	const pinned = layout.pinned.includes(target)
		? [...new Set([...layout.pinned, id])]
		: layout.pinned.filter((x) => x !== id);
	return { ...layout, order: rest, pinned };
}

export function moveBy(ids: string[], layout: Layout, id: string, by: -1 | 1): Layout {
	const seen = visible(ids, layout);
	const target = seen[seen.indexOf(id) + by];
	return target ? moveTo(ids, layout, id, target) : layout;
}

export function toggle(list: string[], id: string): string[] {
	return list.includes(id) ? list.filter((x) => x !== id) : [...list, id];
}

export const clampWidth = (w: number) => Math.round(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, w)));
