// What may stand at a place of a SQL text: tables and columns of the catalog, functions.
import type { Token } from './statements';
import { splitStatements, statementAt } from './statements';

export interface SqlCatalog {
	/** [schema, name, kind, columns]. */
	tables: [string, string, string, string[]][];
	/** [schema, name, arguments]. */
	functions: [string, string, string][];
	/** Names of pg_catalog. */
	builtins: string[];
}

export interface Proposal {
	label: string;
	/** What is put in, when the name has to be quoted. */
	apply?: string;
	type: 'table' | 'column' | 'function' | 'schema' | 'alias';
	detail?: string;
	boost: number;
}

const PLAIN = /^[a-z_][a-z0-9_$]*$/;
/** Reserved words of PostgreSQL (its documentation, appendix C): as names they are quoted. */
const RESERVED = new Set(
	`all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create current_catalog
	current_date current_role current_time current_timestamp current_user default deferrable desc distinct do else end except
	false fetch for foreign from grant group having in initially intersect into lateral leading limit localtime localtimestamp
	not null offset on only or order placing primary references returning select session_user some symmetric system_user table
	then to trailing true union unique user using variadic when where window with`.split(/\s+/),
);

export const nameText = (name: string) =>
	PLAIN.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`;

const proposal = (name: string, more: Omit<Proposal, 'label'>): Proposal => {
	const text = nameText(name);
	return text === name ? { label: name, ...more } : { label: name, apply: text, ...more };
};

interface Used {
	schema: string | null;
	table: string;
	alias: string;
}

const STOPS = new Set(
	`where on using set join left right inner outer cross full natural group order having limit offset union values select
	returning as default from into lateral window fetch for tablesample do`.split(/\s+/),
);

const isName = (t: Token | undefined): t is Token => t?.kind === 'name' || (t?.kind === 'word' && !STOPS.has(t.text));

/** Tables named behind FROM, JOIN, UPDATE, INTO and the commas between them, with their aliases. */
export function usedTables(tokens: Token[]): Used[] {
	const found: Used[] = [];
	let listed = false;
	for (let i = 0; i < tokens.length; i++) {
		const t = tokens[i];
		if (t?.kind === 'word' && ['from', 'join', 'update', 'into', 'table', 'using'].includes(t.text)) listed = true;
		else if (!(listed && t?.text === ',')) {
			if (t?.kind === 'word' && STOPS.has(t.text) && t.text !== 'as') listed = false;
			continue;
		}
		let at = tokens[i + 1]?.text === 'only' ? i + 2 : i + 1;
		const first = tokens[at];
		if (!isName(first)) continue;
		const second = tokens[at + 1]?.text === '.' ? tokens[at + 2] : undefined;
		const table = second && (second.kind === 'word' || second.kind === 'name') ? second : first;
		at += table === first ? 1 : 3;
		if (tokens[at]?.text === 'as') at++;
		const alias = tokens[at];
		found.push({
			schema: table === first ? null : first.text,
			table: table.text,
			alias: isName(alias) && alias.from > table.to ? alias.text : table.text,
		});
	}
	return found;
}

function columnsOf(catalog: SqlCatalog, used: Used, boost: number): Proposal[] {
	const table =
		catalog.tables.find(
			([schema, name]) =>
				name === used.table && (used.schema ? schema === used.schema : schema === 'public' || schema === 'pg_catalog'),
		) ?? catalog.tables.find(([, name]) => !used.schema && name === used.table);
	return (table?.[3] ?? []).map((c) => proposal(c, { type: 'column', detail: used.alias, boost }));
}

function qualified(catalog: SqlCatalog, used: Used[], prefix: string): Proposal[] {
	const tables = used.filter((u) => u.alias === prefix || u.table === prefix);
	const columns = tables.slice(0, 1).flatMap((u) => columnsOf(catalog, u, 2));
	if (columns.length > 0) return columns;
	return [
		...catalog.tables
			.filter(([schema]) => schema === prefix)
			.map(([, name, kind]) => proposal(name, { type: 'table', detail: kind, boost: 1 })),
		...catalog.functions
			.filter(([schema]) => schema === prefix)
			.map(([, name, args]) => proposal(name, { type: 'function', detail: `(${args})`, boost: 0 })),
	];
}

function anywhere(catalog: SqlCatalog, used: Used[]): Proposal[] {
	const shown = (schema: string) => schema === 'public';
	return [
		...used.flatMap((u) => columnsOf(catalog, u, 3)),
		...used
			.filter((u) => u.alias !== u.table)
			.map((u) => proposal(u.alias, { type: 'alias', detail: u.table, boost: 2 })),
		...catalog.tables.map(([schema, name, kind]) => {
			const made = proposal(name, {
				type: 'table',
				detail: shown(schema) ? kind : schema,
				boost: shown(schema) ? 1 : 0,
			});
			return shown(schema) ? made : { ...made, apply: `${nameText(schema)}.${nameText(name)}` };
		}),
		...[...new Set(catalog.tables.map(([schema]) => schema))].map((s) => proposal(s, { type: 'schema', boost: 0 })),
		...catalog.functions.map(([schema, name, args]) => ({
			...proposal(name, { type: 'function', detail: `(${args})`, boost: 0 }),
			apply: shown(schema) ? nameText(name) : `${nameText(schema)}.${nameText(name)}`,
		})),
		...catalog.builtins.map((name): Proposal => ({ label: name, type: 'function', boost: -2 })),
	];
}

/** Proposals for the word that ends at `at`, and where it begins. Null: nothing is proposed there (in a string). */
export function proposals(catalog: SqlCatalog, text: string, at: number): { from: number; options: Proposal[] } | null {
	const statement = statementAt(splitStatements(text), at);
	const tokens = statement?.tokens ?? [];
	const inside = tokens.find((t) => t.from < at && at <= t.to && t.kind === 'text');
	if (inside) return null;
	const before = /(?:("(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)\s*\.\s*)?("?[\p{L}\p{N}_$]*)$/u.exec(text.slice(0, at));
	const from = at - (before?.[2]?.length ?? 0);
	const used = usedTables(tokens);
	const prefix = before?.[1];
	if (!prefix) return { from, options: anywhere(catalog, used) };
	const name = prefix.startsWith('"') ? prefix.slice(1, -1).replaceAll('""', '"') : prefix.toLowerCase();
	return { from, options: qualified(catalog, used, name) };
}
