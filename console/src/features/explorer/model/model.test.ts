import { buildSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { parsePlan } from '@/model/plan';
import { editOperation, operationAt, operationsOf, parseText, prettify } from './document';
import { exportCode } from './exportCode';
import { explainSession, headersOf, sessionVariablesOf, withoutSecrets, withRole } from './headers';
import { addToHistory, HISTORY_LIMIT, historyTitle } from './history';
import {
	buildRows,
	editValue,
	type FieldRow,
	makeVariable,
	type Row,
	type TreeView,
	toggleField,
	toggleValue,
	type ValueRow,
} from './tree';

const schema = buildSchema(`
	input Int_exp { _eq: Int  _in: [Int!] }
	input author_bool_exp { _and: [author_bool_exp!]  id: Int_exp  name: String_exp }
	input String_exp { _eq: String  _like: String }
	enum order_by { asc desc }
	input author_order_by { id: order_by  name: order_by }
	type author { id: Int!  name: String!  books(limit: Int): [book!]! }
	type book { id: Int!  title: String!  author: author! }
	type count_fields { count: Int! }
	type author_aggregate { aggregate: count_fields  nodes: [author!]! }
	type query_root {
		author(where: author_bool_exp, order_by: [author_order_by!], limit: Int): [author!]!
		author_by_pk(id: Int!): author
		author_aggregate(where: author_bool_exp): author_aggregate!
	}
	input author_insert { name: String! }
	type mutation_response { affected_rows: Int!  returning: [author!]! }
	type mutation_root { insert_author(objects: [author_insert!]!): mutation_response }
	schema { query: query_root  mutation: mutation_root }
`);

const view = (open: [string, boolean][] = [], filter = ''): TreeView => ({ open: new Map(open), filter, limit: 50 });
const rowsOf = (text: string, v = view()) => buildRows(schema, parseText(text), 0, v);
const find = (rows: Row[], key: string) => {
	const row = rows.find((r) => r.key === key);
	if (!row) throw new Error(`no row ${key} in ${rows.map((r) => r.key).join(' ')}`);
	return row;
};
const field = (text: string, key: string, v?: TreeView) => find(rowsOf(text, v), key) as FieldRow;
const value = (text: string, key: string, v?: TreeView) => find(rowsOf(text, v), key) as ValueRow;
const flat = (s: string) => s.replace(/\s+/g, ' ').trim();
const toggle = (text: string, key: string, v?: TreeView) =>
	toggleField(schema, parseText(text), 0, field(text, key, v)).text;
const toggleArg = (text: string, key: string, v?: TreeView) =>
	toggleValue(schema, parseText(text), 0, value(text, key, v)).text;

describe('tree to text', () => {
	test('the first tick makes an operation with a column people look for', () => {
		expect(flat(toggle('', 'query/author'))).toBe('query MyQuery { author { id } }');
		expect(flat(toggle('# nothing yet\n', 'query/author'))).toBe('# nothing yet query MyQuery { author { id } }');
	});

	test('wrappers are opened down to a leaf, needed arguments are there', () => {
		expect(flat(toggle('', 'query/author_aggregate'))).toBe(
			'query MyQuery { author_aggregate { aggregate { count } } }',
		);
		expect(flat(toggle('', 'query/author_by_pk'))).toBe('query MyQuery { author_by_pk(id: 1) { id } }');
	});

	test('a mutation beside a query is an operation of its own', () => {
		const text = toggle('query A { author { id } }', 'mutation/insert_author', view([['mutation', true]]));
		expect(flat(text)).toBe(
			'query A { author { id } } mutation MyMutation { insert_author(objects: [{name: ""}]) { affected_rows } }',
		);
	});

	test('a deep tick adds what is on the way, and only what was ticked', () => {
		const open = view([
			['query/author', true],
			['query/author/books', true],
		]);
		const text = toggle('', 'query/author/books/title', open);
		expect(flat(text)).toBe('query MyQuery { author { books { title } } }');
	});

	test('the last field of an object leaves __typename, which goes with the next one', () => {
		const none = toggle('query A { author { id } }', 'query/author/id');
		expect(flat(none)).toBe('query A { author { __typename } }');
		expect(flat(toggle(none, 'query/author/name'))).toBe('query A { author { name } }');
	});

	test('the last root field takes the operation along; others stay as written', () => {
		const text = 'query A { author { id } }\n\n# kept\nfragment F on author { name } # odd   layout\n';
		expect(toggle(text, 'query/author')).toBe('# kept\nfragment F on author { name } # odd   layout\n');
	});

	test('aliases are rows of their own', () => {
		const text = 'query A { a: author { id } b: author { name } }';
		const rows = rowsOf(text);
		expect((find(rows, 'query/a') as FieldRow).alias).toBe('a');
		expect((find(rows, 'query/b/name') as FieldRow).checked).toBe(true);
		expect(flat(toggle(text, 'query/a/name'))).toBe('query A { a: author { id name } b: author { name } }');
		expect(flat(toggle(text, 'query/b'))).toBe('query A { a: author { id } }');
	});

	test('fragments are shown and left alone', () => {
		const text = 'query A { author { ...F ... on author { id } } }\nfragment F on author { name }\n';
		expect(
			rowsOf(text)
				.filter((r) => r.kind === 'note')
				.map((r) => r.label),
		).toEqual(['...F', '... on author']);
		expect(flat(toggle(text, 'query/author/name'))).toContain('...F ... on author { id } name');
	});
});

describe('arguments', () => {
	const base = 'query A { author { id } }';

	test('ticks, values, nesting, and away again', () => {
		const open = view([
			['query/author(/where', true],
			['query/author(/where/id', true],
		]);
		const ticked = toggleArg(base, 'query/author(/where/id/_eq', open);
		expect(flat(ticked)).toBe('query A { author(where: {id: {_eq: 1}}) { id } }');
		const row = value(ticked, 'query/author(/where/id/_eq');
		expect(row.editor).toBe('text');
		const edited = editValue(schema, parseText(ticked), 0, row, '42').text;
		expect(flat(edited)).toBe('query A { author(where: {id: {_eq: 42}}) { id } }');
		expect(flat(toggleArg(edited, 'query/author(/where'))).toBe('query A { author { id } }');
	});

	test('text stays text, enums are chosen, a list of objects stands for its first', () => {
		const like = 'query A { author(where: {name: {_like: ""}}) { id } }';
		const row = value(like, 'query/author(/where/name/_like');
		expect(flat(editValue(schema, parseText(like), 0, row, '42').text)).toContain('_like: "42"');
		const ordered = 'query A { author(order_by: [{id: asc}]) { id } }';
		const choice = value(ordered, 'query/author(/order_by/id');
		expect(choice.choices).toEqual(['asc', 'desc']);
		expect(flat(editValue(schema, parseText(ordered), 0, choice, 'desc').text)).toContain('order_by: [{id: desc}]');
	});

	test('a variable takes the value along, and its definition goes with its last use', () => {
		const text = 'query A { author(limit: 5) { id } }';
		const made = makeVariable(schema, parseText(text), 0, value(text, 'query/author(/limit'));
		expect(flat(made.text)).toBe('query A($limit: Int) { author(limit: $limit) { id } }');
		expect(made.variable).toEqual({ name: 'limit', value: 5 });
		expect(flat(toggleArg(made.text, 'query/author(/limit'))).toBe('query A { author { id } }');
	});

	test('a variable nobody used before is not ours to remove', () => {
		const text = 'query A($x: Int) { author(limit: 5) { id } }';
		expect(flat(toggleArg(text, 'query/author(/limit'))).toBe('query A($x: Int) { author { id } }');
	});
});

describe('rows', () => {
	test('the filter finds root fields; chosen ones stay', () => {
		const rows = rowsOf('{ author { id } }', view([], 'by_pk'));
		expect(rows.filter((r) => r.kind === 'field' && r.depth === 1).map((r) => r.label)).toEqual([
			'author',
			'author_by_pk',
		]);
	});

	test('long lists are cut, and say so', () => {
		const rows = buildRows(schema, parseText(''), 0, { open: new Map(), filter: '', limit: 1 });
		expect(rows.filter((r) => r.kind === 'more').map((r) => r.label)).toEqual(['2 more: type to find them']);
	});

	test('text that does not parse changes nothing', () => {
		const broken = parseText('query {');
		expect(broken.error).toMatch(/Syntax Error/);
		expect(editOperation(broken, 0, (o) => o).text).toBe('query {');
	});

	test('the operation under the cursor', () => {
		const { document } = parseText('query A { author { id } }\nquery B { author { id } }');
		expect(operationsOf(document).length).toBe(2);
		expect(operationAt(document, 30)).toBe(1);
		expect(operationAt(document, 0)).toBe(0);
	});
});

test('prettify keeps comments', () => {
	expect(prettify('{author{id}}')).toBe('{\n  author {\n    id\n  }\n}\n');
	expect(prettify('# top\n{author{id # why\n}}')).toBe('# top\n{author{id # why\n}}\n');
});

describe('code', () => {
	const request = {
		url: 'http://localhost:8080/v1/graphql',
		query: 'query ($n: Int) { author(limit: $n, where: {name: {_eq: "it\'s"}}) { id } }',
		variables: { n: 1, on: true, none: null },
		headers: { 'x-hasura-role': 'user', 'x-hasura-admin-secret': 'hunter2', authorization: 'Bearer abc' },
	};

	test('never a secret, in no language', () => {
		for (const language of ['curl', 'python', 'fetch'] as const) {
			const code = exportCode(language, request);
			expect(code).not.toMatch(/hunter2|abc/);
			expect(code).toContain('x-hasura-role');
		}
	});

	test('the scheme stays beside the secret', () => {
		const bearer = { ...request, headers: { authorization: 'Bearer abc' } };
		expect(exportCode('curl', bearer)).toContain('"authorization: Bearer $TOKEN"');
		expect(exportCode('python', bearer)).toContain('"Bearer " + os.environ["TOKEN"]');
		expect(exportCode('fetch', bearer)).toContain('`Bearer ${TOKEN}`');
	});

	test('quoting', () => {
		expect(exportCode('curl', request)).toContain(`it'\\''s`);
		expect(exportCode('python', request)).toContain('"on": True');
		expect(exportCode('fetch', { ...request, query: '{ a(x: "`${1}") }' })).toContain('\\`\\${1}');
	});
});

describe('headers', () => {
	const rows = [
		{ id: 1, on: true, key: 'X-Hasura-Role', value: 'user' },
		{ id: 2, on: false, key: 'x-hasura-user-id', value: '2' },
		{ id: 3, on: true, key: 'bad name', value: '2' },
		{ id: 4, on: true, key: 'Authorization', value: 'Bearer abc' },
	];

	test('ticked ones with good names', () => {
		expect(headersOf(rows)).toEqual({ 'x-hasura-role': 'user', authorization: 'Bearer abc' });
		expect(explainSession(headersOf(rows))).toEqual({ 'x-hasura-role': 'user' });
		expect(explainSession({ 'x-hasura-admin-secret': 's' })).toBeUndefined();
	});

	test('the role switch', () => {
		expect(withRole(rows, '')[0]).toMatchObject({ on: false });
		expect(withRole([], 'editor')).toEqual([{ id: 1, on: true, key: 'x-hasura-role', value: 'editor' }]);
	});

	test('secrets are not kept; variables of rules are found', () => {
		expect(withoutSecrets(rows)[3]?.value).toBe('');
		expect(sessionVariablesOf([{ filter: { _or: [{ id: { _eq: 'X-Hasura-User-Id' } }] } }])).toEqual([
			'x-hasura-user-id',
		]);
	});
});

test('history keeps one of each, the newest first, not without end', () => {
	let list = addToHistory([], { query: '{ a }', variables: '', role: '', at: 1 });
	list = addToHistory(list, { query: '{ b }', variables: '', role: '', at: 2 });
	list = addToHistory(list, { query: '{ a }', variables: '', role: '', at: 3 });
	expect(list.map((e) => [e.query, e.at])).toEqual([
		['{ a }', 3],
		['{ b }', 2],
	]);
	for (let i = 0; i < 200; i++) list = addToHistory(list, { query: `{ q${i} }`, variables: '', role: '', at: i });
	expect(list.length).toBe(HISTORY_LIMIT);
	expect(historyTitle({ query: 'query A {\n  a # x\n}', variables: '', role: '', at: 1 })).toBe('query A { a }');
});

describe('plans', () => {
	const plan = parsePlan([
		'Aggregate  (cost=20.00..20.01 rows=1 width=32)',
		'  ->  Hash Join  (cost=4.00..15.00 rows=200 width=64)',
		'        Hash Cond: (book.author_id = author.id)',
		'        ->  Seq Scan on book  (cost=0.00..5000.00 rows=400 width=32)',
		"              Filter: (title = 'x'::text)",
		'        ->  Hash  (cost=2.00..2.00 rows=100 width=32)',
		'              ->  Seq Scan on public.author  (cost=0.00..2.00 rows=100 width=32)',
	]);

	test('nesting, costs and details', () => {
		expect(plan?.title).toBe('Aggregate');
		const join = plan?.children[0];
		expect(join?.details).toEqual(['Hash Cond: (book.author_id = author.id)']);
		expect(join?.children.map((c) => c.title)).toEqual(['Seq Scan on book', 'Hash']);
		expect(join?.children[1]?.children[0]?.relation).toBe('author');
		expect(plan?.own).toBeCloseTo(5.01);
	});

	test('a hint for a filtered scan of a large table', () => {
		expect(plan?.children[0]?.children[0]?.hint).toMatch(/CREATE INDEX ON book \(title\)/);
		expect(plan?.children[0]?.children[1]?.hint).toBeUndefined();
	});

	test('no plan in no text', () => {
		expect(parsePlan(['nothing'])).toBeNull();
	});
});
