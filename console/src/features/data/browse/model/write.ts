// Bodies of insert, update and delete for /v2/query. Values go as text, which PostgreSQL reads by the column's type: no
// number passes through JavaScript's. JSON goes as it was typed.
import type { Column, TableInfo } from '@/model/catalog';
import type { QualifiedName } from '@/model/metadata';
import { isComparable, kindOf } from './kinds';
import { type Cell, identityOf, isCut } from './read';

/** What a cell gets. */
export type Change = { to: 'value'; text: string } | { to: 'null' } | { to: 'default' };

export const sameChange = (a: Change, b: Change) =>
	a.to === b.to && (a.to !== 'value' || (b.to === 'value' && a.text === b.text));

const member = (name: string, value: string) => `${JSON.stringify(name)}:${value}`;
const object = (members: string[]) => `{${members.join(',')}}`;
const given = (name: string, value: unknown) => member(name, JSON.stringify(value));

/** Why a value cannot be sent, in one line; null: it can be tried. */
export function problemOf(c: Column, change: Change): string | null {
	if (change.to === 'null') return c.nullable ? null : `${c.name} cannot be NULL`;
	if (change.to === 'default') return null;
	const kind = kindOf(c);
	const text = change.text.trim();
	if (kind === 'json' || kind === 'geo') {
		try {
			return JSON.parse(text) === null && kind === 'geo' ? 'null is no geometry: set NULL' : null;
		} catch (e) {
			return `not valid JSON: ${e instanceof Error ? e.message : e}`;
		}
	}
	if (kind === 'int' && !/^[+-]?\d+$/.test(text)) return 'a whole number is wanted';
	if (kind === 'decimal' && !/^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|nan|inf(inity)?)$/i.test(text))
		return 'a number is wanted';
	if (kind === 'bool' && !/^(true|false|t|f)$/i.test(text)) return 'true or false is wanted';
	if (kind === 'uuid' && !/^\{?[0-9a-f]{4}(-?[0-9a-f]{4}){7}\}?$/i.test(text)) return 'a UUID is wanted';
	if (change.text.includes('\0')) return 'PostgreSQL stores no NUL character';
	return null;
}

/** JSON text of a value. */
export function valueJson(c: Column, text: string): string {
	const kind = kindOf(c);
	if (kind === 'json' || kind === 'geo') return text;
	if (kind === 'bool') return /^t/i.test(text.trim()) ? 'true' : 'false';
	return JSON.stringify(isComparable(kind) && kind !== 'text' && kind !== 'enum' ? text.trim() : text);
}

function equals([c, value]: [Column, string | null]): string {
	return member(c.name, value === null ? '{"$is_null":true}' : object([member('$eq', valueJson(c, value))]));
}

/** The row itself, as it was read; `changed`: columns whose old value must still be there. */
export function rowWhere(info: TableInfo, cells: Cell[], changed: string[] = []): string {
	const pairs = new Map(identityOf(info, cells).map((p) => [p[0].name, p]));
	info.columns.forEach((c, i) => {
		const cell = cells[i];
		if (changed.includes(c.name) && !pairs.has(c.name) && isComparable(kindOf(c)) && !isCut(cell))
			pairs.set(c.name, [c, cell ?? null]);
	});
	if (pairs.size === 0) throw new Error('Nothing tells this row from the others.');
	return object([...pairs.values()].map(equals));
}

const head = (source: string, table: QualifiedName) => [given('source', source), given('table', table)];
const op = (type: string, members: string[]) => object([given('type', type), member('args', object(members))]);

/** The JSON value null, which by itself would be SQL's NULL to the server. */
const isJsonNull = (c: Column, change: Change | undefined) =>
	change?.to === 'value' && kindOf(c) === 'json' && change.text.trim() === 'null';

const jsonNulls = (columns: Column[]) =>
	columns.length
		? [
				given(
					'$json_null',
					columns.map((c) => c.name),
				),
			]
		: [];

export function updateOp(
	source: string,
	table: QualifiedName,
	info: TableInfo,
	cells: Cell[],
	changes: ReadonlyMap<string, Change>,
): string {
	const set: string[] = [];
	const defaults: string[] = [];
	const nulls = info.columns.filter((c) => isJsonNull(c, changes.get(c.name)));
	for (const c of info.columns) {
		if (nulls.includes(c)) continue;
		const change = changes.get(c.name);
		if (change?.to === 'default') defaults.push(c.name);
		if (change?.to === 'null') set.push(member(c.name, 'null'));
		if (change?.to === 'value') set.push(member(c.name, valueJson(c, change.text)));
	}
	return op('update', [
		...head(source, table),
		member('where', rowWhere(info, cells, [...changes.keys()])),
		...(set.length ? [member('$set', object(set))] : []),
		...(defaults.length ? [given('$default', defaults)] : []),
		...jsonNulls(nulls),
		given('expected_rows', 1),
	]);
}

export function deleteOp(source: string, table: QualifiedName, info: TableInfo, cells: Cell[]): string {
	return op('delete', [...head(source, table), member('where', rowWhere(info, cells)), given('expected_rows', 1)]);
}

export function insertOp(
	source: string,
	table: QualifiedName,
	info: TableInfo,
	values: ReadonlyMap<string, Change>,
): string {
	const nulls = info.columns.filter((c) => isJsonNull(c, values.get(c.name)));
	const set = info.columns.flatMap((c) => {
		const change = values.get(c.name);
		if (!change || change.to === 'default' || nulls.includes(c)) return [];
		return [member(c.name, change.to === 'null' ? 'null' : valueJson(c, change.text))];
	});
	const returning = info.keys[0] ?? [];
	return op('insert', [
		...head(source, table),
		member('objects', `[${object(set)}]`),
		...jsonNulls(nulls),
		...(returning.length ? [given('returning', returning)] : []),
	]);
}

/** All or nothing. */
export const atomic = (ops: string[]) => object([given('type', 'bulk_atomic'), member('args', `[${ops.join(',')}]`)]);

/** Which operation of a bulk an error is about: `$[2]`, `$.args[2].args.where`. */
export function failedIndex(path: string | undefined): number | null {
	const found = /^\$(?:\.args)?\[(\d+)\]/.exec(path ?? '');
	return found ? Number(found[1]) : null;
}
