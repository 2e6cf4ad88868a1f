// Relationships of the metadata, and those the foreign keys suggest.
import type { MetadataOp } from '@/api/client';
import type { ForeignKey } from './catalog';
import {
	type QualifiedName,
	qualified,
	type Relationship,
	type SourceMetadata,
	type TableMetadata,
	tableKey,
} from './metadata';

export type NamingStyle = 'short' | 'by-column';

export interface Suggestion {
	id: string;
	kind: 'object' | 'array';
	/** The table that gets the relationship. */
	table: QualifiedName;
	remote: QualifiedName;
	fk: ForeignKey;
	/** The key lies in the other table. */
	reverse: boolean;
	names: Record<NamingStyle, string>;
}

export interface RelationshipRow {
	name: string;
	kind: 'object' | 'array';
	remote: QualifiedName | null;
	mapping: [string, string][];
	how: 'foreign key' | 'manual';
	comment?: string;
}

export function singular(name: string): string {
	if (/ies$/.test(name)) return `${name.slice(0, -3)}y`;
	if (/(ss|x|ch|sh)es$/.test(name)) return name.slice(0, -2);
	if (/s$/.test(name) && !/(ss|us|is)$/.test(name)) return name.slice(0, -1);
	return name;
}

export function plural(name: string): string {
	if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
	if (/(s|x|ch|sh)$/.test(name)) return /s$/.test(name) && singular(name) !== name ? name : `${name}es`;
	return `${name}s`;
}

export function camel(name: string): string {
	const words = name.split(/[^A-Za-z0-9]+/).filter(Boolean);
	return words.map((w, i) => (i === 0 ? w[0]?.toLowerCase() + w.slice(1) : w[0]?.toUpperCase() + w.slice(1))).join('');
}

/** Django writes its application before each name: blog_author has articles, not blog_articles. */
function withoutApplication(name: string, beside: string): string {
	const [first, ...rest] = name.split('_');
	const [other, ...more] = beside.split('_');
	return first && first === other && rest.length > 0 && more.length > 0 ? rest.join('_') : name;
}

function names(fk: ForeignKey, kind: 'object' | 'array', reverse: boolean): Record<NamingStyle, string> {
	const column = fk.columns.join('_');
	const there = reverse ? fk.table.name : fk.target.name;
	const whole = kind === 'array' ? plural(there) : singular(there);
	const bare = withoutApplication(whole, reverse ? fk.target.name : fk.table.name);
	const short = reverse || !/._id$/.test(column) ? bare : column.slice(0, -3);
	return { short, 'by-column': `${camel(whole)}By${camel(column)}` };
}

const sameColumns = (a: string[], b: string[]) => a.length === b.length && a.every((x) => b.includes(x));

function constraintOf(r: Relationship): { table: QualifiedName | null; columns: string[] } | null {
	const on = r.using.foreign_key_constraint_on;
	if (on === undefined) return null;
	if (typeof on === 'string') return { table: null, columns: [on] };
	if (Array.isArray(on)) return { table: null, columns: on };
	return { table: qualified(on.table), columns: on.columns ?? (on.column ? [on.column] : []) };
}

function covers(r: Relationship, s: { fk: ForeignKey; reverse: boolean; remote: QualifiedName }): boolean {
	const on = constraintOf(r);
	if (on) {
		if (s.reverse !== (on.table !== null)) return false;
		if (on.table && tableKey(on.table) !== tableKey(s.fk.table)) return false;
		return sameColumns(on.columns, s.fk.columns);
	}
	const manual = r.using.manual_configuration;
	if (!manual || tableKey(qualified(manual.remote_table)) !== tableKey(s.remote)) return false;
	const own = s.reverse ? s.fk.targetColumns : s.fk.columns;
	const other = s.reverse ? s.fk.columns : s.fk.targetColumns;
	return (
		sameColumns(Object.keys(manual.column_mapping), own) && own.every((c, i) => manual.column_mapping[c] === other[i])
	);
}

export const relationshipsOf = (t: TableMetadata): Relationship[] => [
	...(t.object_relationships ?? []),
	...(t.array_relationships ?? []),
];

/** What is not in the metadata yet, for foreign keys between tracked tables. `only`: of these tables. */
export function suggestRelationships(
	source: SourceMetadata,
	fks: ForeignKey[],
	only?: (t: QualifiedName) => boolean,
): Suggestion[] {
	const tables = new Map(source.tables.map((t) => [tableKey(t.table), t]));
	const found: Suggestion[] = [];
	const add = (fk: ForeignKey, reverse: boolean) => {
		const own = reverse ? fk.target : fk.table;
		const remote = reverse ? fk.table : fk.target;
		const t = tables.get(tableKey(own));
		if (!t || !tables.has(tableKey(remote)) || (only && !only(own))) return;
		if (relationshipsOf(t).some((r) => covers(r, { fk, reverse, remote }))) return;
		const kind = reverse && !fk.unique ? 'array' : 'object';
		found.push({
			id: JSON.stringify([own, fk.constraint, fk.table, reverse]),
			kind,
			table: own,
			remote,
			fk,
			reverse,
			names: names(fk, kind, reverse),
		});
	};
	for (const fk of fks) {
		add(fk, false);
		add(fk, true);
	}
	return found;
}

/** The name of each suggestion in a style, without clashes among themselves, with fields that are there or with columns. */
export function nameSuggestions(
	list: Suggestion[],
	style: NamingStyle,
	source: SourceMetadata,
	columnsOf: (t: QualifiedName) => string[] = () => [],
): Map<string, string> {
	const taken = new Map<string, Set<string>>();
	const tables = new Map(source.tables.map((t) => [tableKey(t.table), t]));
	const takenOf = (t: QualifiedName) => {
		const key = tableKey(t);
		let set = taken.get(key);
		if (!set) {
			const md = tables.get(key);
			set = new Set([...(md ? relationshipsOf(md).map((r) => r.name) : []), ...columnsOf(t)]);
			for (const f of md?.computed_fields ?? []) set.add(f.name);
			taken.set(key, set);
		}
		return set;
	};
	const result = new Map<string, string>();
	for (const s of list) {
		const set = takenOf(s.table);
		const wanted = s.names[style];
		let name = wanted;
		if (set.has(name)) name = `${wanted}_by_${s.fk.columns.join('_')}`;
		for (let i = 2; set.has(name); i++) name = `${wanted}_${i}`;
		set.add(name);
		result.set(s.id, name);
	}
	return result;
}

export function suggestionOp(s: Suggestion, name: string, source: string): MetadataOp {
	const [first] = s.fk.columns;
	const one = s.fk.columns.length === 1;
	const on = s.reverse
		? { table: s.fk.table, ...(one ? { column: first } : { columns: s.fk.columns }) }
		: one
			? first
			: s.fk.columns;
	return {
		type: `pg_create_${s.kind}_relationship`,
		args: { source, table: s.table, name, using: { foreign_key_constraint_on: on } },
	};
}

/** The relationships of a table as rows; `fks`: to say where a foreign key leads. */
export function relationshipRows(t: TableMetadata, fks: ForeignKey[]): RelationshipRow[] {
	const row =
		(kind: 'object' | 'array') =>
		(r: Relationship): RelationshipRow => {
			const manual = r.using.manual_configuration;
			if (manual)
				return {
					name: r.name,
					kind,
					remote: qualified(manual.remote_table),
					mapping: Object.entries(manual.column_mapping),
					how: 'manual',
					comment: r.comment,
				};
			const on = constraintOf(r);
			const from = on?.table ?? t.table;
			const fk = fks.find((k) => tableKey(k.table) === tableKey(from) && sameColumns(k.columns, on?.columns ?? []));
			const pairs = (fk?.columns ?? on?.columns ?? []).map((c, i): [string, string] => [
				c,
				fk?.targetColumns[i] ?? '?',
			]);
			return {
				name: r.name,
				kind,
				remote: on?.table ?? fk?.target ?? null,
				mapping: on?.table ? pairs.map(([a, b]) => [b, a]) : pairs,
				how: 'foreign key',
				comment: r.comment,
			};
		};
	return [...(t.object_relationships ?? []).map(row('object')), ...(t.array_relationships ?? []).map(row('array'))];
}
