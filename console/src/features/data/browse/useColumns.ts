// The columns of the grid: those of the table, then links to rows of other tables; as the user has laid them out.
import { useCallback, useMemo, useState } from 'react';
import type { Column } from '@/model/catalog';
import type { GridColumn } from '@/ui/VirtualGrid';
import { type Kind, kindOf } from './model/kinds';
import { arrange, clampWidth, type Layout, loadLayout, moveTo, saveLayout } from './model/layout';
import type { Reverse } from './model/links';
import type { Sort } from './model/place';
import type { LabelColumn } from './model/read';
import type { Target } from './useRows';

export interface ShownColumn extends GridColumn {
	/** Null: a link. */
	column: Column | null;
	/** Of the column in a row's cells. */
	index: number;
	link?: Reverse;
	hint: string;
}

const WIDTHS: Partial<Record<Kind, number>> = {
	bool: 80,
	int: 90,
	decimal: 110,
	uuid: 300,
	date: 110,
	time: 120,
	timestamp: 225,
	text: 200,
	json: 240,
	enum: 120,
};

const LINK = '→ ';

export function useColumns(
	{ source, table, info }: Target,
	labels: LabelColumn[] | undefined,
	links: Reverse[],
	sorts: Sort[],
) {
	const [layout, setLayout] = useState<Layout>(() => loadLayout(source, table));
	const set = useCallback(
		(next: Layout) => {
			setLayout(next);
			saveLayout(source, table, next);
		},
		[source, table],
	);
	const all = useMemo(() => {
		const found = new Map<string, ShownColumn>();
		info.columns.forEach((column, index) => {
			const big = /^(int8|numeric)$/.test(column.storage) && !/\(/.test(column.type);
			const wide = labels?.some((l) => l.column === column.name) ? 190 : big ? 165 : (WIDTHS[kindOf(column)] ?? 170);
			found.set(column.name, {
				id: column.name,
				label: `${column.name}, ${column.type}`,
				width: Math.max(wide, Math.min(260, column.name.length * 8 + 46)),
				column,
				index,
				hint: column.type,
			});
		});
		for (const link of links) {
			const id = LINK + link.label;
			found.set(id, {
				id,
				label: `rows of ${link.label}`,
				width: Math.max(130, Math.min(240, link.label.length * 8 + 60)),
				column: null,
				index: -1,
				link,
				hint: 'rows that belong to it',
			});
		}
		return found;
	}, [info, labels, links]);
	const ids = useMemo(() => [...all.keys()], [all]);
	const list = useMemo(
		() =>
			arrange(ids, layout)
				.filter((id) => !layout.hidden.includes(id))
				.flatMap((id) => {
					const c = all.get(id);
					if (!c) return [];
					const sort = sorts.find((s) => s.column === c.column?.name);
					return [
						{
							...c,
							width: layout.widths[id] ?? c.width,
							pinned: layout.pinned.includes(id),
							sort: sort ? (sort.desc ? ('descending' as const) : ('ascending' as const)) : undefined,
						},
					];
				}),
		[all, ids, layout, sorts],
	);
	return {
		ids,
		list,
		layout,
		set,
		of: (id: string) => all.get(id),
		title: (id: string) => all.get(id)?.link?.label ?? id,
		resize: (id: string, width: number) => set({ ...layout, widths: { ...layout.widths, [id]: clampWidth(width) } }),
		move: (id: string, to: string) => set(moveTo(ids, layout, id, to)),
	};
}
