// Statements that read rows. All values come as PostgreSQL writes them, so no number loses digits; long ones come cut.
import type { Column, TableInfo } from '@/model/catalog';
import type { QualifiedName } from '@/model/metadata';
import { ident, literal, qualifiedSql } from '@/model/sqlText';
import { isComparable, kindOf, mayBeLong } from './kinds';
import type { Filter, Sort } from './place';

/** Of a long value this much comes with the row; the rest when it is asked for. */
export const CUT = 400;
/** What one statement may take. */
const READ_MS = 60_000;

export interface CutCell {
	text: string;
	/** Of the whole, in characters. */
	length: number;
}
export type Cell = string | null | CutCell;

export const isCut = (c: Cell | undefined): c is CutCell => typeof c === 'object' && c !== null;
export const cellText = (c: Cell | undefined): string | null => (isCut(c) ? c.text : (c ?? null));

export interface LabelColumn {
	/** The column of this table. */
	column: string;
	target: QualifiedName;
	targetColumn: string;
	label: string;
}

export interface ReadRequest {
	table: QualifiedName;
	columns: Column[];
	filters: Filter[];
	sorts: Sort[];
	/** Columns that name a row: they end the order, so that pages do not overlap. */
	key: string[];
	labels?: LabelColumn[];
	limit: number;
	offset: number;
	/** Only rows behind this key: pages by the key cost the same wherever they are. Not with sorts. */
	after?: string[];
	/** Whole values (export). */
	whole?: boolean;
}

const settings = (ms: number) =>
	`set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; set local bytea_output = 'hex'; set local statement_timeout = ${ms}; `;

const column = (name: string) => `t.${ident(name)}`;

/** GeoJSON is what the API speaks and what people can read. */
function textOf(c: Column): string {
	return kindOf(c) === 'geo' ? `${column(c.name)}::json::text` : `${column(c.name)}::text`;
}

function cellSql(c: Column, whole: boolean): string {
	if (whole || !mayBeLong(c)) return textOf(c);
	return `(select case when length(v) > ${CUT} then length(v) || ':' || left(v, ${CUT}) else '=' || v end from (select ${textOf(c)} as v) x)`;
}

function labelSql(l: LabelColumn): string {
	return `(select left(r.${ident(l.label)}::text, 80) from ${qualifiedSql(l.target)} r where r.${ident(l.targetColumn)} = ${column(l.column)} limit 1)`;
}

// ---- conditions

export function listOf(value: string): string[] {
	const text = value.trim();
	if (text.startsWith('[')) {
		try {
			const parsed: unknown = JSON.parse(text);
			if (Array.isArray(parsed)) return parsed.map((v) => (typeof v === 'string' ? v : JSON.stringify(v)));
		} catch {
			// then it is a list by commas
		}
	}
	return text
		.split(',')
		.map((v) => v.trim())
		.filter((v) => v !== '');
}

const SIMPLE: Record<string, string> = {
	$eq: '=',
	$ne: '<>',
	$gt: '>',
	$gte: '>=',
	$lt: '<',
	$lte: '<=',
	$like: 'like',
	$nlike: 'not like',
	$ilike: 'ilike',
	$nilike: 'not ilike',
	$similar: 'similar to',
	$nsimilar: 'not similar to',
	$regex: '~',
	$iregex: '~*',
	$nregex: '!~',
	$niregex: '!~*',
	$contains: '@>',
	$contained_in: '<@',
	$has_key: '?',
};

/** `%` and `_` of the text mean themselves. */
export const likeText = (value: string) => `%${value.replace(/[\\%_]/g, '\\$&')}%`;

export function filterSql(f: Filter, c: Column): string {
	const name = column(c.name);
	const list = () => listOf(f.value).map((v) => literal(v));
	switch (f.op) {
		case '$is_null':
			return `${name} is null`;
		case '$is_not_null':
			return `${name} is not null`;
		case '$includes':
			return `${name}::text ilike ${literal(likeText(f.value))}`;
		case '$in':
			return list().length ? `${name} in (${list().join(', ')})` : 'false';
		case '$nin':
			return list().length ? `${name} not in (${list().join(', ')})` : 'true';
		case '$has_keys_any':
			return `${name} ?| array[${list().join(', ')}]::text[]`;
		case '$has_keys_all':
			return `${name} ?& array[${list().join(', ')}]::text[]`;
	}
	const sign = SIMPLE[f.op];
	if (!sign) throw new Error(`The operator ${f.op} of the filter is not known.`);
	return `${name} ${sign} ${literal(f.value)}`;
}

function whereSql(r: Pick<ReadRequest, 'filters' | 'columns' | 'after' | 'key'>): string {
	const parts = r.filters.map((f) => {
		const c = r.columns.find((x) => x.name === f.column);
		if (!c) throw new Error(`The filter names a column that is not there: ${f.column}`);
		return filterSql(f, c);
	});
	if (r.after) parts.push(`(${r.key.map(column).join(', ')}) > (${r.after.map((v) => literal(v)).join(', ')})`);
	return parts.length ? ` where ${parts.map((p) => `(${p})`).join(' and ')}` : '';
}

function orderSql(r: ReadRequest): string {
	const parts = r.sorts
		.filter((s) => r.columns.some((c) => c.name === s.column))
		.map((s) => `${column(s.column)} ${s.desc ? 'desc' : 'asc'}`);
	for (const k of r.key) if (!r.sorts.some((s) => s.column === k)) parts.push(column(k));
	return parts.length ? ` order by ${parts.join(', ')}` : '';
}

// ---- statements

/** One JSON list of rows; a row is the list of its columns, then of its labels. */
export function rowsSql(r: ReadRequest): string {
	const cells = [...r.columns.map((c) => cellSql(c, r.whole ?? false)), ...(r.labels ?? []).map(labelSql)];
	const from = `select t.* from ${qualifiedSql(r.table)} t${whereSql(r)}${orderSql(r)} limit ${r.limit}${r.offset && !r.after ? ` offset ${r.offset}` : ''}`;
	return `${settings(READ_MS)}select coalesce(json_agg(array[${cells.join(', ')}]::text[]), '[]') from (${from}) t`;
}

export function countSql(r: Pick<ReadRequest, 'table' | 'filters' | 'columns' | 'key'>, seconds: number): string {
	return `${settings(seconds * 1000)}select count(*)::text from ${qualifiedSql(r.table)} t${whereSql(r)}`;
}

export function estimateSql(r: Pick<ReadRequest, 'table' | 'filters' | 'columns' | 'key'>): string {
	return `${settings(5000)}explain (format json) select 1 from ${qualifiedSql(r.table)} t${whereSql(r)}`;
}

/** What tells a row from the others: its key, or all that can be compared. */
export function identityOf(info: TableInfo, row: Cell[]): [Column, string | null][] {
	const key = info.keys[0];
	const of = (c: Column, i: number): [Column, string | null][] => {
		const cell = row[i];
		return isCut(cell) || c.outside ? [] : [[c, cell ?? null]];
	};
	if (key) return info.columns.flatMap((c, i) => (key.includes(c.name) ? of(c, i) : []));
	return info.columns.flatMap((c, i) => (isComparable(kindOf(c)) ? of(c, i) : []));
}

export function cellWholeSql(table: QualifiedName, c: Column, identity: [Column, string | null][]): string {
	const where = identity
		.map(([k, v]) => (v === null ? `${column(k.name)} is null` : `${column(k.name)} = ${literal(v)}`))
		.join(' and ');
	return `${settings(READ_MS)}select coalesce(to_json((select ${textOf(c)} from ${qualifiedSql(table)} t where ${where || 'true'} limit 1)), 'null')`;
}

/** The first columns of the other table that fit: for choosing a foreign key's value. */
export function choicesSql(target: QualifiedName, value: string, label: string | null, search: string): string {
	const shown = label ? `, left(r.${ident(label)}::text, 80)` : ', null';
	const like = literal(likeText(search));
	const where = search
		? ` where r.${ident(value)}::text = ${literal(search)} or r.${ident(label ?? value)}::text ilike ${like}`
		: '';
	const from = `select r.* from ${qualifiedSql(target)} r${where} order by r.${ident(label && search ? label : value)} limit 20`;
	return `${settings(10_000)}select coalesce(json_agg(array[r.${ident(value)}::text${shown}]::text[]), '[]') from (${from}) r`;
}

// ---- answers

export interface Row {
	/** Names it while it is on the screen. */
	id: string;
	cells: Cell[];
	labels: (string | null)[];
}

function decode(text: string | null, cut: boolean): Cell {
	if (text === null || !cut) return text;
	if (text.startsWith('=')) return text.slice(1);
	const colon = text.indexOf(':');
	return { length: Number(text.slice(0, colon)), text: text.slice(colon + 1) };
}

export function readRows(r: ReadRequest, answer: (string | null)[][], keyOf: (cells: Cell[]) => string | null): Row[] {
	const n = r.columns.length;
	const long = r.columns.map((c) => !r.whole && mayBeLong(c));
	return answer.map((line, i) => {
		const cells = line.slice(0, n).map((v, k) => decode(v, long[k] ?? false));
		return { id: keyOf(cells) ?? `at ${r.offset + i}`, cells, labels: line.slice(n) };
	});
}

export function rowKey(info: TableInfo, cells: Cell[]): string | null {
	const key = info.keys[0];
	if (!key) return null;
	const values = key.map((k) => cells[info.columns.findIndex((c) => c.name === k)]);
	return values.some((v) => typeof v !== 'string') ? null : JSON.stringify(values);
}

export function planRows(plan: string): number | null {
	try {
		const parsed = JSON.parse(plan) as { Plan?: { 'Plan Rows'?: number } }[];
		return parsed[0]?.Plan?.['Plan Rows'] ?? null;
	} catch {
		return null;
	}
}

/** The column people know a row by. */
export function labelOf(columns: { name: string; category: string; unique: boolean }[]): string | null {
	const texts = columns.filter((c) => c.category === 'S');
	for (const name of ['name', 'title', 'username', 'label', 'full_name', 'display_name', 'slug', 'email', 'code'])
		if (texts.some((c) => c.name === name)) return name;
	return texts.find((c) => c.unique)?.name ?? texts.find((c) => /(name|title)$/.test(c.name))?.name ?? null;
}
