import {
	buildSchema,
	type GraphQLObjectType,
	type IntrospectionQuery,
	introspectionFromSchema,
	parse,
	print,
	printType,
	validate,
	validateSchema,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { parseText } from './document';
import { headQuery, isPlaceholder, namedTypes, PartialSchema, type Reading, typesQuery } from './parts';
import { searchSchema } from './search';
import { buildRows, type FieldRow, toggleField } from './tree';

const whole = buildSchema(`
	enum order_by { asc desc }
	enum unused { a }
	input Int_exp { _eq: Int  _in: [Int!] }
	input author_bool_exp { _and: [author_bool_exp!]  id: Int_exp }
	input author_order_by { id: order_by }
	type author { name: String!  id: Int!  books(limit: Int): [book!]! }
	type book { id: Int!  author: author! }
	type query_root { author(where: author_bool_exp, order_by: [author_order_by!]): [author!]!  book: [book!]! }
	type mutation_root { delete_author(where: author_bool_exp!): author }
	schema { query: query_root  mutation: mutation_root }
`);
const { types, ...head } = (introspectionFromSchema(whole) as IntrospectionQuery).__schema;

function partial(names: string[], absent: string[] = []) {
	const read: string[] = [];
	const reading: Reading = {
		read: (name) => read.push(name),
		reads: () => read.length,
		waiting: () => read.length > 0,
		want: () => {},
	};
	const parts = new PartialSchema(head, reading);
	for (const type of types) if (names.includes(type.name)) parts.add(type);
	for (const name of absent) parts.leaveOut(name);
	return { schema: parts.schema(), read, parts };
}

const view = (open: [string, boolean][], filter = '') => ({ open: new Map(open), filter, limit: 50 });

describe('a schema read by parts', () => {
	test('only what is spoken of is a placeholder, of the right kind', () => {
		const { schema, parts } = partial(['query_root']);
		const placeholders = Object.values(schema.getTypeMap()).filter(isPlaceholder);
		expect(Object.fromEntries(placeholders.map((t) => [t.name, t.constructor.name]))).toEqual({
			author: 'GraphQLObjectType',
			author_bool_exp: 'GraphQLInputObjectType',
			author_order_by: 'GraphQLInputObjectType',
			book: 'GraphQLObjectType',
			mutation_root: 'GraphQLObjectType',
		});
		expect(['query_root', 'Int', 'author'].map((name) => parts.has(name))).toEqual([true, true, false]);
	});

	test('what is read has the fields, arguments and texts of the whole schema', () => {
		const { schema } = partial(types.map((t) => t.name));
		for (const { name } of types.filter((t) => !t.name.startsWith('__') && t.name !== 'unused'))
			expect(printType(schema.getType(name) as GraphQLObjectType)).toBe(
				printType(whole.getType(name) as GraphQLObjectType),
			);
	});

	test('building it reads nothing, looking into a placeholder is reported', () => {
		const { schema, read } = partial(['query_root']);
		expect(validateSchema(schema)).toEqual([]);
		expect(read).toEqual([]);
		(schema.getType('author') as GraphQLObjectType).getFields();
		expect(read).toEqual(['author']);
		expect(isPlaceholder(schema.getType('query_root') as GraphQLObjectType)).toBe(false);
	});

	test('validation reports the types the text uses, and is right once they are there', () => {
		const text = parse('{ author(where: {id: {_eq: 1}}, order_by: {id: asc}) { id books { id } } }');
		const names = ['query_root'];
		for (let turn = 0; turn < 6; turn++) {
			const { schema, read } = partial(names);
			const errors = validate(schema, text);
			if (read.length === 0) {
				expect(errors).toEqual([]);
				break;
			}
			names.push(...new Set(read));
		}
		expect(names.sort()).toEqual(
			['Int_exp', 'author', 'author_bool_exp', 'author_order_by', 'book', 'order_by', 'query_root'].sort(),
		);
		const wrong = validate(partial(names).schema, parse('{ author { id nme } }'));
		expect(wrong.map((e) => e.message)).toEqual(['Cannot query field "nme" on type "author". Did you mean "name"?']);
	});

	test('a type that does not exist reports nothing', () => {
		const { schema, read } = partial(['query_root'], ['author']);
		(schema.getType('author') as GraphQLObjectType).getFields();
		expect(read).toEqual([]);
	});

	test('the tree asks for what is open and ticked, not for roots that are only searched', () => {
		const parsed = parseText('{ book { id } }');
		const first = partial(['query_root']);
		buildRows(first.schema, parsed, 0, view([]));
		expect(first.read).toEqual(['book']);
		const searched = partial(['query_root', 'book']);
		buildRows(searched.schema, parsed, 0, view([], 'auth'));
		expect(searched.read).toEqual([]);
		buildRows(searched.schema, parsed, 0, view([['mutation', true]]));
		expect(searched.read).toEqual(['mutation_root']);
	});

	test('a tick that knows too little can be told, and made again', () => {
		const row = (schema: typeof whole) =>
			buildRows(schema, parseText(''), 0, view([])).find((r) => r.key === 'query/author') as FieldRow;
		const little = partial(['query_root']);
		toggleField(little.schema, parseText(''), 0, row(little.schema));
		expect(little.read).toEqual(['author']);
		const enough = partial(['query_root', 'author']);
		const made = toggleField(enough.schema, parseText(''), 0, row(enough.schema));
		expect(enough.read).toEqual([]);
		expect(made.text.replace(/\s+/g, ' ')).toBe('query MyQuery { author { id } } ');
	});

	test('a search finds placeholders by name and does not look into them', () => {
		const { schema, read } = partial(['query_root']);
		expect(searchSchema(schema, 'bool_exp').map((f) => f.type.name)).toEqual(['author_bool_exp']);
		expect(read).toEqual([]);
	});
});

describe('questions', () => {
	test('they are GraphQL the schema answers', () => {
		expect(validate(whole, parse(headQuery()))).toEqual([]);
		const query = typesQuery(['author', 'book']);
		expect(validate(whole, parse(query))).toEqual([]);
		expect(print(parse(query))).toContain('t1: __type(name: "book")');
	});

	test('types named by the text', () => {
		const { document } = parseText('query ($a: [x!]!, $b: Int) { a { ... on y { b } } } fragment F on z { c }');
		expect(namedTypes(document).sort()).toEqual(['Int', 'x', 'y', 'z']);
		expect(namedTypes(null)).toEqual([]);
	});
});
