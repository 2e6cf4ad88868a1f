// Metadata documents as files: read whatever people have, written so that equal documents are equal texts.
import { parse, type ScalarTag, stringify, type Tags } from 'yaml';
import { ExactNumber, isObject as isJsonObject, kept, parseKept } from '@/model/exactJson';

export type Json = null | boolean | number | ExactNumber | string | Json[] | { [key: string]: Json };

export const isObject = (v: unknown): v is { [key: string]: Json } => isJsonObject(v);

/** Numbers with all their digits, read and written. */
const NUMBER: ScalarTag = {
	tag: 'tag:yaml.org,2002:float',
	default: true,
	identify: (v) => v instanceof ExactNumber,
	test: /^[-+]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/,
	resolve: (text) => kept(text.replace(/^\+/, '')),
	stringify: ({ value }) => String(value),
};
const customTags = (tags: Tags) => [NUMBER, ...tags];

/** A document as `replace_metadata` takes it, from JSON or YAML: bare, or as export_metadata wraps it. */
export function readDocument(text: string): { [key: string]: Json } {
	if (text.trim() === '') throw new Error('The file is empty.');
	let found: unknown;
	try {
		found = /^\s*\{/.test(text) ? parseKept(text) : parse(text, { maxAliasCount: 100, customTags });
	} catch (e) {
		throw new Error(`It is neither JSON nor YAML: ${e instanceof Error ? e.message : String(e)}`);
	}
	if (isObject(found) && isObject(found.metadata)) found = found.metadata;
	if (!isObject(found))
		throw new Error('It is not a metadata document: an object with “version” and “sources” is expected.');
	if (!('sources' in found) && !('tables' in found))
		throw new Error('It is not a metadata document: it has neither “sources” nor “tables”.');
	if (JSON.stringify(found).includes('"!include '))
		throw new Error(
			'It is one file of a project that includes others: apply projects with “weir metadata apply”, or make one file: “weir metadata build”.',
		);
	return found;
}

const ORDER = [
	'version',
	'name',
	'kind',
	'role',
	'role_name',
	'table',
	'function',
	'configuration',
	'using',
	'permission',
	'comment',
	'columns',
	'filter',
	'check',
];

/** What an entry of a list is known by. */
export function identity(v: Json): string {
	if (!isObject(v)) return JSON.stringify(v) ?? '';
	const named = v.table ?? v.function ?? v.name ?? v.role ?? v.role_name ?? v.collection ?? v.field_name;
	if (named === undefined) return JSON.stringify(v) ?? '';
	if (!isObject(named)) return typeof named === 'string' ? named : (JSON.stringify(named) ?? '');
	const schema = typeof named.schema === 'string' ? named.schema : 'public';
	return schema === 'public' ? String(named.name) : `${schema}.${String(named.name)}`;
}

/** Lists whose order means something: arguments of _and and _or, values of _in, columns of a key … */
const ORDERED = new Set(['_and', '_or', '_in', '_nin', 'arguments', 'retry_conf', 'remote_schema_permissions']);
/** Lists of names whose order means nothing. */
const SETS = new Set(['columns', 'role_set', 'computed_fields', 'query_root_fields', 'subscription_root_fields']);

const isDefault = (key: string, v: Json) =>
	v === null || (Array.isArray(v) && v.length === 0 && key !== 'columns' && !key.endsWith('_root_fields'));

function sorted(list: Json[], key: string): Json[] {
	const all = list.map((v) => canonical(v));
	const named = all.every((v) => isObject(v) && identity(v) !== JSON.stringify(v));
	if (ORDERED.has(key) || !(named || SETS.has(key))) return all;
	return all
		.map((v) => ({ v, id: identity(v) }))
		.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
		.map((x) => x.v);
}

/** In one order, without what is the same as nothing: only differences of meaning are left. */
export function canonical(v: Json): Json {
	if (Array.isArray(v)) return v.map((x) => canonical(x));
	if (!isObject(v)) return v;
	const rank = (k: string) => (ORDER.indexOf(k) + 1 || ORDER.length + 1) * 1000;
	const names = Object.keys(v).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
	const out: { [key: string]: Json } = {};
	for (const k of names) {
		const value = v[k] ?? null;
		if (isDefault(k, value)) continue;
		out[k] = Array.isArray(value) ? sorted(value, k) : canonical(value);
	}
	return out;
}

export const yamlText = (v: Json) => stringify(v, { lineWidth: 0, aliasDuplicateObjects: false, customTags });

export type Format = 'yaml' | 'json';

export const documentText = (v: Json, as: Format) =>
	as === 'yaml' ? yamlText(canonical(v)) : `${JSON.stringify(canonical(v), null, 2)}\n`;
