// What a column is to the reader: how its cells look, are asked for and are written.
import type { Column } from '@/model/catalog';

export type Kind =
	| 'bool'
	| 'int'
	| 'decimal'
	| 'text'
	| 'json'
	| 'date'
	| 'time'
	| 'timestamp'
	| 'uuid'
	| 'enum'
	| 'array'
	| 'geo'
	| 'bytes'
	| 'other';

const BY_TYPE: Record<string, Kind> = {
	bool: 'bool',
	int2: 'int',
	int4: 'int',
	int8: 'int',
	oid: 'int',
	numeric: 'decimal',
	float4: 'decimal',
	float8: 'decimal',
	money: 'other',
	json: 'json',
	jsonb: 'json',
	date: 'date',
	time: 'time',
	timetz: 'time',
	timestamp: 'timestamp',
	timestamptz: 'timestamp',
	uuid: 'uuid',
	geometry: 'geo',
	geography: 'geo',
	bytea: 'bytes',
};

export function kindOf(c: Pick<Column, 'storage' | 'category' | 'enumValues'>): Kind {
	const known = BY_TYPE[c.storage];
	if (known) return known;
	if (c.enumValues || c.category === 'E') return 'enum';
	if (c.category === 'A') return 'array';
	if (c.category === 'S') return 'text';
	return 'other';
}

/** Values of any length: the server cuts them. */
export function mayBeLong(c: Pick<Column, 'storage' | 'category' | 'type' | 'enumValues'>): boolean {
	const kind = kindOf(c);
	if (kind === 'text') {
		const limit = /\((\d+)\)$/.exec(c.type);
		return c.storage !== 'name' && !(limit && Number(limit[1]) <= 255);
	}
	return kind === 'json' || kind === 'array' || kind === 'geo' || kind === 'bytes' || kind === 'other';
}

const PLAIN: Kind[] = ['int', 'decimal', 'text', 'date', 'time', 'timestamp', 'uuid', 'enum'];
const EQUALITY: ReadonlySet<Kind> = new Set([...PLAIN, 'bool']);
const ORDERED: ReadonlySet<Kind> = new Set([...PLAIN, 'bytes']);

/** `=` compares what is seen: the old value can stand in the condition of an update. */
export const isComparable = (kind: Kind) => EQUALITY.has(kind);

export const isNumeric = (kind: Kind) => kind === 'int' || kind === 'decimal';

// ---- conditions

export interface Operator {
	/** As in Hasura's links: "$eq". */
	id: string;
	label: string;
	/** No value goes with it. */
	unary?: boolean;
	/** Several values, by commas or as a JSON list. */
	list?: boolean;
	placeholder?: string;
}

const EQ: Operator[] = [
	{ id: '$eq', label: '=' },
	{ id: '$ne', label: '≠' },
];
const ORDER: Operator[] = [
	{ id: '$gt', label: '>' },
	{ id: '$gte', label: '≥' },
	{ id: '$lt', label: '<' },
	{ id: '$lte', label: '≤' },
];
const LIST: Operator[] = [
	{ id: '$in', label: 'in', list: true, placeholder: 'a, b, c' },
	{ id: '$nin', label: 'not in', list: true, placeholder: 'a, b, c' },
];
const NULLS: Operator[] = [
	{ id: '$is_null', label: 'is NULL', unary: true },
	{ id: '$is_not_null', label: 'is not NULL', unary: true },
];
const TEXT: Operator[] = [
	{ id: '$includes', label: 'contains' },
	{ id: '$like', label: 'like', placeholder: 'a%' },
	{ id: '$nlike', label: 'not like', placeholder: 'a%' },
	{ id: '$ilike', label: 'ilike', placeholder: 'a%' },
	{ id: '$nilike', label: 'not ilike', placeholder: 'a%' },
	{ id: '$similar', label: 'similar to' },
	{ id: '$nsimilar', label: 'not similar to' },
	{ id: '$regex', label: '~ (regular expression)' },
	{ id: '$iregex', label: '~* (without case)' },
	{ id: '$nregex', label: '!~' },
	{ id: '$niregex', label: '!~*' },
];
const INSIDE: Operator[] = [
	{ id: '$contains', label: '@> (contains)' },
	{ id: '$contained_in', label: '<@ (is contained in)' },
];
const KEYS: Operator[] = [
	{ id: '$has_key', label: 'has the key' },
	{ id: '$has_keys_any', label: 'has any of the keys', list: true, placeholder: 'a, b' },
	{ id: '$has_keys_all', label: 'has all of the keys', list: true, placeholder: 'a, b' },
];

export function operatorsOf(c: Pick<Column, 'storage' | 'category' | 'enumValues'>): Operator[] {
	const kind = kindOf(c);
	const hint = kind === 'json' ? '{"a": 1}' : '{a,b}';
	const inside = INSIDE.map((o) => ({ ...o, placeholder: hint }));
	if (kind === 'bool') return [...EQ, ...NULLS];
	if (kind === 'json')
		return c.storage === 'jsonb'
			? [...inside, ...KEYS, ...EQ, ...TEXT.slice(0, 1), ...NULLS]
			: [...TEXT.slice(0, 1), ...NULLS];
	if (kind === 'array') return [...inside, ...EQ, ...NULLS];
	if (kind === 'geo') return NULLS;
	if (kind === 'text') return [...EQ, ...TEXT, ...ORDER, ...LIST, ...NULLS];
	if (ORDERED.has(kind)) return [...EQ, ...ORDER, ...LIST, ...NULLS];
	return [...TEXT.slice(0, 1), ...NULLS];
}

/** PostgreSQL has no order for the others. */
export const isSortable = (c: Pick<Column, 'storage' | 'category' | 'enumValues'>) => {
	const kind = kindOf(c);
	return (
		isComparable(kind) ||
		kind === 'bytes' ||
		kind === 'array' ||
		c.storage === 'jsonb' ||
		/^(inet|cidr|interval|bit|varbit|money|.*range)$/.test(c.storage)
	);
};
