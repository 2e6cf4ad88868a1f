// Row rules: the JSON of the metadata as a tree for the builder, and back. What the builder does not know stays a `raw`
// leaf, so that nothing is lost on the way there and back.
import { isObject, kept, parseKept } from './exactJson';

export type RuleNode =
	| { kind: 'and' | 'or'; children: RuleNode[] }
	| { kind: 'not'; child: RuleNode }
	| { kind: 'exists'; table: unknown; child: RuleNode }
	| { kind: 'column'; column: string; op: string; value: unknown }
	| { kind: 'relation'; name: string; child: RuleNode }
	| { kind: 'raw'; value: unknown };

/** Keys that are relationships; every other name is taken for a column (or a computed field). */
export type IsRelation = (path: string[], name: string) => boolean;

const MAX_DEPTH = 60;

export function parseRule(json: unknown, isRelation: IsRelation, path: string[] = [], depth = 0): RuleNode {
	if (!isObject(json) || depth > MAX_DEPTH) return { kind: 'raw', value: json };
	const parts = Object.entries(json).flatMap(([key, value]) => parseKey(key, value, isRelation, path, depth));
	const [only] = parts;
	return parts.length === 1 && only ? only : { kind: 'and', children: parts };
}

function parseKey(key: string, value: unknown, isRelation: IsRelation, path: string[], depth: number): RuleNode[] {
	if ((key === '_and' || key === '_or' || key === '$and' || key === '$or') && Array.isArray(value))
		return [
			{
				kind: key.endsWith('or') ? 'or' : 'and',
				children: value.map((v) => parseRule(v, isRelation, path, depth + 1)),
			},
		];
	if (key === '_not' || key === '$not') return [{ kind: 'not', child: parseRule(value, isRelation, path, depth + 1) }];
	if (key === '_exists' && isObject(value) && '_table' in value)
		return [
			{
				kind: 'exists',
				table: value._table,
				child: parseRule(value._where ?? {}, isRelation, [JSON.stringify(value._table)], depth + 1),
			},
		];
	if (key.startsWith('_') || key.startsWith('$')) return [{ kind: 'raw', value: { [key]: value } }];
	if (isRelation(path, key))
		return [{ kind: 'relation', name: key, child: parseRule(value, isRelation, [...path, key], depth + 1) }];
	if (isObject(value) && Object.keys(value).length > 0 && Object.keys(value).every((op) => /^[_$]/.test(op)))
		return Object.entries(value).map(([op, v]) => ({
			kind: 'column',
			column: key,
			op: op.replace(/^\$/, '_'),
			value: v,
		}));
	return [{ kind: 'raw', value: { [key]: value } }];
}

/** A top-level `and` of one level becomes one object where its keys differ, as people write it. */
export function ruleToJson(node: RuleNode): unknown {
	switch (node.kind) {
		case 'and':
			return node.children.length === 0 ? {} : { _and: node.children.map(ruleToJson) };
		case 'or':
			return { _or: node.children.map(ruleToJson) };
		case 'not':
			return { _not: ruleToJson(node.child) };
		case 'exists':
			return { _exists: { _table: node.table, _where: ruleToJson(node.child) } };
		case 'column':
			return { [node.column]: { [node.op]: node.value } };
		case 'relation':
			return { [node.name]: ruleToJson(node.child) };
		case 'raw':
			return node.value;
	}
}

/** Session variables a rule mentions, lower case, sorted. */
export function sessionVariables(rule: unknown): string[] {
	const found = new Set<string>();
	const walk = (v: unknown, depth: number) => {
		if (depth > MAX_DEPTH) return;
		if (typeof v === 'string' && /^x-hasura-/i.test(v)) found.add(v.toLowerCase());
		else if (Array.isArray(v)) for (const one of v) walk(one, depth + 1);
		else if (isObject(v)) for (const one of Object.values(v)) walk(one, depth + 1);
	};
	walk(rule, 0);
	return [...found].sort();
}

export interface Operator {
	op: string;
	label: string;
	/** What stands to its right. */
	takes: 'value' | 'list' | 'boolean' | 'text' | 'column' | 'json';
	types?: RegExp;
}

const TEXT = /^(text|varchar|bpchar|citext|name)$/;
const JSONB = /^jsonb$/;

export const OPERATORS: Operator[] = [
	{ op: '_eq', label: '=', takes: 'value' },
	{ op: '_ne', label: '≠', takes: 'value' },
	{ op: '_gt', label: '>', takes: 'value' },
	{ op: '_gte', label: '≥', takes: 'value' },
	{ op: '_lt', label: '<', takes: 'value' },
	{ op: '_lte', label: '≤', takes: 'value' },
	{ op: '_in', label: 'is one of', takes: 'list' },
	{ op: '_nin', label: 'is none of', takes: 'list' },
	{ op: '_is_null', label: 'is null', takes: 'boolean' },
	{ op: '_like', label: 'like', takes: 'text', types: TEXT },
	{ op: '_nlike', label: 'not like', takes: 'text', types: TEXT },
	{ op: '_ilike', label: 'like, any case', takes: 'text', types: TEXT },
	{ op: '_nilike', label: 'not like, any case', takes: 'text', types: TEXT },
	{ op: '_similar', label: 'similar to', takes: 'text', types: TEXT },
	{ op: '_regex', label: 'matches', takes: 'text', types: TEXT },
	{ op: '_iregex', label: 'matches, any case', takes: 'text', types: TEXT },
	{ op: '_contains', label: 'contains', takes: 'json', types: JSONB },
	{ op: '_contained_in', label: 'is contained in', takes: 'json', types: JSONB },
	{ op: '_has_key', label: 'has key', takes: 'text', types: JSONB },
	{ op: '_ceq', label: '= column', takes: 'column' },
	{ op: '_cne', label: '≠ column', takes: 'column' },
	{ op: '_cgt', label: '> column', takes: 'column' },
	{ op: '_cgte', label: '≥ column', takes: 'column' },
	{ op: '_clt', label: '< column', takes: 'column' },
	{ op: '_clte', label: '≤ column', takes: 'column' },
];

export const operatorsFor = (base: string | undefined): Operator[] =>
	OPERATORS.filter((o) => !o.types || (base !== undefined && o.types.test(base)));

const NUMBER = /^(int2|int4|float4|float8|oid)$/;

/** What was typed, as the JSON the metadata should hold for a column of that type. */
export function typedValue(text: string, takes: Operator['takes'], base: string | undefined): unknown {
	if (/^x-hasura-/i.test(text)) return text;
	if (takes === 'boolean') return text !== 'false';
	if (takes === 'list')
		return text
			.split(',')
			.map((t) => t.trim())
			.filter((t) => t !== '')
			.map((t) => typedValue(t, 'value', base));
	if (takes === 'json') {
		try {
			return parseKept(text);
		} catch {
			return text;
		}
	}
	if (takes === 'value' && base === 'bool' && (text === 'true' || text === 'false')) return text === 'true';
	if (takes === 'value' && base && NUMBER.test(base) && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) return kept(text);
	return text;
}

export function shownValue(value: unknown): string {
	if (Array.isArray(value)) return value.map(shownValue).join(', ');
	return typeof value === 'string' ? value : value == null ? '' : JSON.stringify(value);
}
