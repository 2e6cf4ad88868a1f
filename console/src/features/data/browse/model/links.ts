// Where the values of a row lead: foreign keys of the table, and those of others that name it.
import type { ForeignKey, TableInfo } from '@/model/catalog';
import { type QualifiedName, type SourceMetadata, type TableMetadata, tableKey, tableLabel } from '@/model/metadata';
import { relationshipRows } from '@/model/relationships';
import type { Filter } from './place';
import { type Cell, cellText, isCut } from './read';

export interface Reverse {
	id: string;
	label: string;
	table: QualifiedName;
	/** Column here, column there. */
	pairs: [string, string][];
}

export const columnForeignKey = (info: TableInfo, column: string): ForeignKey | undefined =>
	info.foreignKeys.filter((k) => k.columns.includes(column)).sort((a, b) => a.columns.length - b.columns.length)[0];

/** The filter that finds the other rows; null: a NULL leads nowhere, a cut value is not known. */
export function pairFilters(pairs: [string, string][], info: TableInfo, cells: Cell[]): Filter[] | null {
	const found: Filter[] = [];
	for (const [here, there] of pairs) {
		const cell = cells[info.columns.findIndex((c) => c.name === here)];
		const text = cellText(cell);
		if (text === null || isCut(cell)) return null;
		found.push({ column: there, op: '$eq', value: text });
	}
	return found;
}

export const foreignKeyPairs = (k: ForeignKey) =>
	k.columns.map((c, i): [string, string] => [c, k.targetColumns[i] ?? c]);

/** Array relationships of the metadata by their names, then keys of other tables no relationship stands for. */
export function reverseLinks(
	table: QualifiedName,
	md: TableMetadata | undefined,
	fks: ForeignKey[],
	source: SourceMetadata | undefined,
): Reverse[] {
	const found: Reverse[] = [];
	const known = new Set<string>();
	const key = (t: QualifiedName, pairs: [string, string][]) => JSON.stringify([tableKey(t), [...pairs].sort()]);
	const add = (id: string, label: string, t: QualifiedName, pairs: [string, string][]) => {
		if (known.has(key(t, pairs))) return;
		known.add(key(t, pairs));
		found.push({ id, label, table: t, pairs });
	};
	for (const r of md ? relationshipRows(md, fks) : [])
		if (r.kind === 'array' && r.remote && source && r.mapping.every(([, there]) => there !== '?'))
			add(`rel ${r.name}`, r.name, r.remote, r.mapping);
	for (const k of fks) {
		if (tableKey(k.target) !== tableKey(table)) continue;
		const pairs = k.columns.map((c, i): [string, string] => [k.targetColumns[i] ?? c, c]);
		add(`fk ${tableKey(k.table)} ${k.constraint}`, `${tableLabel(k.table)}.${k.columns.join(', ')}`, k.table, pairs);
	}
	return found;
}
