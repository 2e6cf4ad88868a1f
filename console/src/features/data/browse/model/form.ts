// A row as a form: each column has a value, NULL, or what the database puts there.
import type { Column, TableInfo } from '@/model/catalog';
import { kindOf } from './kinds';
import type { Cell } from './read';
import { cellText } from './read';
import { type Change, problemOf, sameChange } from './write';

export type Mode = Change['to'];

export interface Field {
	mode: Mode;
	/** Kept while the mode is another one. */
	text: string;
	/** The empty text is meant, not merely left. */
	touched?: boolean;
}

export type Fields = Record<string, Field>;

export const hasDefault = (c: Column) => c.defaultText !== null || c.identity;

export function newFields(info: TableInfo): Fields {
	return Object.fromEntries(
		info.columns.map((c): [string, Field] => [
			c.name,
			{ mode: hasDefault(c) || c.generated ? 'default' : c.nullable ? 'null' : 'value', text: '' },
		]),
	);
}

/** `clone`: the key, and what must be unique by itself, is made anew. */
export function fieldsOf(info: TableInfo, cells: Cell[], clone: boolean): Fields {
	const fresh = newFields(info);
	return Object.fromEntries(
		info.columns.map((c, i): [string, Field] => {
			const text = cellText(cells[i]);
			const own = info.keys.some((k) => k.length === 1 && k[0] === c.name);
			if (clone && (c.generated || (own && hasDefault(c)))) return [c.name, fresh[c.name] as Field];
			return [c.name, text === null ? { mode: 'null', text: '' } : { mode: 'value', text, touched: true }];
		}),
	);
}

export function changeOf(c: Column, f: Field): Change {
	if (f.mode === 'value') return { to: 'value', text: kindOf(c) === 'text' ? f.text : f.text.trim() };
	return { to: f.mode };
}

export function insertValues(info: TableInfo, fields: Fields): Map<string, Change> {
	return new Map(
		info.columns.flatMap((c): [string, Change][] => {
			const f = fields[c.name];
			return f && !c.generated && c.updatable ? [[c.name, changeOf(c, f)]] : [];
		}),
	);
}

export function changedValues(info: TableInfo, before: Fields, now: Fields): Map<string, Change> {
	return new Map(
		info.columns.flatMap((c): [string, Change][] => {
			const [a, b] = [before[c.name], now[c.name]];
			if (!a || !b || c.generated || !c.updatable) return [];
			const next = changeOf(c, b);
			return sameChange(changeOf(c, a), next) ? [] : [[c.name, next]];
		}),
	);
}

export function problems(info: TableInfo, values: ReadonlyMap<string, Change>, fields: Fields): Record<string, string> {
	const found: Record<string, string> = {};
	for (const c of info.columns) {
		const change = values.get(c.name);
		const f = fields[c.name];
		const left = change?.to === 'value' && f?.text === '' && !f.touched;
		const why = left ? 'a value is wanted' : change && problemOf(c, change);
		if (why) found[c.name] = why;
	}
	return found;
}

/** The columns an error of PostgreSQL is about. */
export function columnsIn(message: string, info: TableInfo): string[] {
	const words = new Set<string>();
	for (const m of message.matchAll(/column "([^"]+)"/g)) words.add(m[1] ?? '');
	const key = /Key \(([^)]+)\)=/.exec(message)?.[1] ?? '';
	for (const name of key.split(',')) words.add(name.trim().replace(/^"|"$/g, ''));
	return info.columns.map((c) => c.name).filter((name) => words.has(name));
}
