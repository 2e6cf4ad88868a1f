import { describe, expect, it } from 'vitest';
import type { Column, ForeignKey, TableInfo } from '@/model/catalog';
import { parseExact } from '@/model/exactJson';
import { gridCommand, typedText } from '../gridKeys';
import { inApi } from './api';
import { csvField, Writer } from './exportRows';
import { changedValues, columnsIn, fieldsOf, insertValues, newFields, problems } from './form';
import { kindOf, mayBeLong, operatorsOf } from './kinds';
import { arrange, moveBy, moveTo, NO_LAYOUT, parseLayout, visible } from './layout';
import { columnForeignKey, pairFilters, reverseLinks } from './links';
import { parseFilter, parseKey, parsePlace, placeSearch, toggleSort } from './place';
import {
	cellWholeSql,
	choicesSql,
	filterSql,
	identityOf,
	labelOf,
	listOf,
	planRows,
	readRows,
	rowKey,
	rowsSql,
} from './read';
import { countCells, discard, EMPTY, redo, stage, undo, unstageRow } from './staged';
import { atomic, deleteOp, failedIndex, insertOp, problemOf, rowWhere, updateOp } from './write';

const column = (name: string, storage: string, category: string, more: Partial<Column> = {}): Column => ({
	name,
	type: storage,
	base: storage,
	nullable: true,
	defaultText: null,
	generated: false,
	comment: null,
	enumValues: null,
	category,
	storage,
	identity: false,
	updatable: true,
	...more,
});
const ID = column('id', 'int8', 'N', { nullable: false, defaultText: "nextval('x')" });
const TITLE = column('ti"tle', 'text', 'S', { nullable: false });
const META = column('meta', 'jsonb', 'U');
const FLAG = column('flag', 'bool', 'B');
const AUTHOR = column('author', 'int8', 'N');
const TAGS = column('tags', '_text', 'A');
const T = { schema: 'public', name: 'a"b' };
const fk: ForeignKey = {
	table: T,
	constraint: 'k',
	columns: ['author'],
	target: { schema: 'public', name: 'author' },
	targetColumns: ['id'],
	unique: false,
};
const INFO: TableInfo = {
	kind: 'table',
	estimate: 1,
	columns: [ID, TITLE, META, FLAG, AUTHOR, TAGS],
	primaryKey: ['id'],
	keys: [['id']],
	can: { insert: true, update: true, delete: true },
	foreignKeys: [fk],
};
const NOKEY: TableInfo = { ...INFO, keys: [] };
const CELLS = ['9007199254740993', "it's", '{"n": 1.0}', 'true', null, '{a}'];
const body = (text: string) => JSON.parse(text);

describe('kinds', () => {
	it('knows types by the storage below a domain', () => {
		expect(kindOf(column('x', 'int4', 'N'))).toBe('int');
		expect(kindOf(column('x', 'mood', 'E', { enumValues: ['a'] }))).toBe('enum');
		expect(kindOf(column('x', 'citext', 'S'))).toBe('text');
		expect(kindOf(column('x', 'point', 'G'))).toBe('other');
	});
	it('cuts what has no limit', () => {
		expect(mayBeLong(TITLE)).toBe(true);
		expect(mayBeLong({ ...TITLE, type: 'character varying(200)' })).toBe(false);
		expect(mayBeLong({ ...TITLE, type: 'character varying(9000)' })).toBe(true);
		expect(mayBeLong(ID)).toBe(false);
		expect(mayBeLong(META)).toBe(true);
	});
	it('offers operators by type', () => {
		const ids = (c: Column) => operatorsOf(c).map((o) => o.id);
		expect(ids(FLAG)).toEqual(['$eq', '$ne', '$is_null', '$is_not_null']);
		expect(ids(META)).toContain('$has_key');
		expect(ids(column('j', 'json', 'U'))).not.toContain('$eq');
		expect(ids(TITLE)).toContain('$ilike');
		expect(ids(ID)).not.toContain('$ilike');
	});
});

describe('the address', () => {
	it('reads and writes filters, order and paging', () => {
		const text = 'filter=a%3B%24eq%3B1%3B2&filter=b%3B%24is_null%3Btrue&sort=a%3Bdesc&sort=b%3Basc&limit=50&offset=100';
		const place = parsePlace(text);
		expect(place).toEqual({
			filters: [
				{ column: 'a', op: '$eq', value: '1;2' },
				{ column: 'b', op: '$is_null', value: '' },
			],
			sorts: [
				{ column: 'a', desc: true },
				{ column: 'b', desc: false },
			],
			limit: 50,
			offset: 100,
		});
		expect(placeSearch(place)).toBe(text);
	});
	it('takes what is odd for what it is', () => {
		expect(parseFilter('a;_neq;x')).toEqual({ column: 'a', op: '$ne', value: 'x' });
		expect(parseFilter('a;$is_null;false')?.op).toBe('$is_not_null');
		expect(parseFilter('nonsense')).toBeNull();
		expect(parsePlace('limit=-3&offset=x&sort=a&filter=').sorts).toEqual([{ column: 'a', desc: false }]);
		expect(parsePlace('limit=99999999').limit).toBe(10_000);
		expect(parseKey('key=id%3B5&key=b%3Bx%3By')).toEqual([
			['id', '5'],
			['b', 'x;y'],
		]);
	});
	it('turns an order over', () => {
		const once = toggleSort([], 'a', false);
		expect(once).toEqual([{ column: 'a', desc: false }]);
		expect(toggleSort(toggleSort(once, 'a', false), 'a', false)).toEqual([]);
		expect(toggleSort(once, 'b', true).map((s) => s.column)).toEqual(['a', 'b']);
		expect(toggleSort(once, 'b', false).map((s) => s.column)).toEqual(['b']);
	});
});

describe('statements that read', () => {
	const request = { table: T, columns: [ID, TITLE], filters: [], sorts: [], key: ['id'], limit: 10, offset: 0 };
	it('quotes names and values', () => {
		expect(filterSql({ column: 'x', op: '$eq', value: "a'b" }, TITLE)).toBe(`t."ti""tle" = 'a''b'`);
		expect(filterSql({ column: 'x', op: '$in', value: "1, '2" }, ID)).toBe(`t."id" in ('1', '''2')`);
		expect(filterSql({ column: 'x', op: '$in', value: '' }, ID)).toBe('false');
		expect(filterSql({ column: 'x', op: '$includes', value: '5%_\\' }, TITLE)).toContain("ilike '%5\\%\\_\\\\%'");
		expect(() => filterSql({ column: 'x', op: '$drop', value: '' }, ID)).toThrow(/not known/);
		expect(() => rowsSql({ ...request, filters: [{ column: 'no', op: '$eq', value: '' }] })).toThrow(/not there: no/);
		expect(listOf('["a,b", 1]')).toEqual(['a,b', '1']);
	});
	it('pages by the key, or by what is wanted with the key at the end', () => {
		expect(rowsSql(request)).toContain('from "public"."a""b" t order by t."id" limit 10)');
		expect(rowsSql({ ...request, offset: 20 })).toContain('limit 10 offset 20');
		expect(rowsSql({ ...request, offset: 20, after: ['7'] })).toContain(
			`where ((t."id") > ('7')) order by t."id" limit 10)`,
		);
		expect(rowsSql({ ...request, sorts: [{ column: 'ti"tle', desc: true }] })).toContain(
			'order by t."ti""tle" desc, t."id"',
		);
	});
	it('cuts long values only, and only for the grid', () => {
		expect(rowsSql(request)).toContain('length(v) >');
		expect(rowsSql({ ...request, whole: true })).not.toContain('length(v) >');
		const rows = readRows(
			request,
			[
				['1', '=a'],
				['2', '5000:abc'],
				['3', null],
			],
			(c) => rowKey({ ...INFO, columns: [ID, TITLE] }, c),
		);
		expect(rows.map((r) => r.cells[1])).toEqual(['a', { length: 5000, text: 'abc' }, null]);
		expect(rows.map((r) => r.id)).toEqual(['["1"]', '["2"]', '["3"]']);
		expect(readRows({ ...request, whole: true }, [['1', '=a']], () => null)[0]).toMatchObject({
			id: 'at 0',
			cells: ['1', '=a'],
		});
	});
	it('names a row by its key, or by all that can be compared', () => {
		expect(identityOf(INFO, CELLS).map(([c]) => c.name)).toEqual(['id']);
		expect(identityOf(NOKEY, CELLS).map(([c]) => c.name)).toEqual(['id', 'ti"tle', 'flag', 'author']);
		expect(cellWholeSql(T, META, identityOf(NOKEY, CELLS))).toContain(`t."author" is null`);
	});
	it('knows what people call a row', () => {
		const c = (name: string, unique = false) => ({ name, unique, category: 'S' });
		expect(labelOf([c('bio'), c('name')])).toBe('name');
		expect(labelOf([c('bio'), c('handle', true)])).toBe('handle');
		expect(labelOf([c('bio')])).toBeNull();
		expect(choicesSql(T, 'id', 'name', "o'x")).toContain("ilike '%o''x%'");
		expect(planRows('[{"Plan": {"Plan Rows": 12}}]')).toBe(12);
		expect(planRows('x')).toBeNull();
	});
});

describe('writing', () => {
	it('keeps every digit and sends JSON as it was typed', () => {
		const op = updateOp(
			's',
			T,
			INFO,
			CELLS,
			new Map([
				['author', { to: 'value' as const, text: ' 9223372036854775807 ' }],
				['meta', { to: 'value' as const, text: '{"big": 12345678901234567890.10}' }],
				['ti"tle', { to: 'value' as const, text: ' x ' }],
			]),
		);
		expect(op).toContain('"meta":{"big": 12345678901234567890.10}');
		const args = body(op).args;
		expect(args.$set.author).toBe('9223372036854775807');
		expect(args.$set['ti"tle']).toBe(' x ');
		expect(args).toMatchObject({ source: 's', table: T, expected_rows: 1 });
	});
	it('asks for the old value of what it changes', () => {
		expect(body(rowWhere(INFO, CELLS, ['author', 'meta', 'flag']))).toEqual({
			id: { $eq: '9007199254740993' },
			author: { $is_null: true },
			flag: { $eq: true },
		});
		expect(() => rowWhere({ ...NOKEY, columns: [META] }, ['{}'])).toThrow(/Nothing tells/);
	});
	it('has NULL, DEFAULT and the rest', () => {
		const op = body(
			updateOp(
				's',
				T,
				INFO,
				CELLS,
				new Map([
					['flag', { to: 'null' as const }],
					['id', { to: 'default' as const }],
				]),
			),
		);
		expect(op.args.$set).toEqual({ flag: null });
		expect(op.args.$default).toEqual(['id']);
		expect(body(deleteOp('s', T, INFO, CELLS))).toMatchObject({ type: 'delete', args: { expected_rows: 1 } });
		const insert = body(
			insertOp(
				's',
				T,
				INFO,
				new Map([
					['id', { to: 'default' as const }],
					['flag', { to: 'value' as const, text: 'f' }],
					['meta', { to: 'null' as const }],
				]),
			),
		);
		expect(insert.args).toMatchObject({ objects: [{ flag: false, meta: null }], returning: ['id'] });
		expect(body(atomic([deleteOp('s', T, INFO, CELLS)])).type).toBe('bulk_atomic');
	});
	it('tells the JSON value null from NULL', () => {
		const change = new Map([['meta', { to: 'value' as const, text: ' null ' }]]);
		expect(problemOf(META, { to: 'value', text: 'null' })).toBeNull();
		const update = body(updateOp('s', T, INFO, CELLS, change)).args;
		expect([update.$set, update.$json_null]).toEqual([undefined, ['meta']]);
		const insert = body(insertOp('s', T, INFO, change)).args;
		expect([insert.objects, insert.$json_null]).toEqual([[{}], ['meta']]);
	});
	it('finds the row an error is about', () => {
		expect(failedIndex('$[2]')).toBe(2);
		expect(failedIndex('$.args[11].args.where.id')).toBe(11);
		expect(failedIndex('$')).toBeNull();
		expect(failedIndex(undefined)).toBeNull();
	});
	it('sees what cannot be sent', () => {
		const value = (text: string) => ({ to: 'value' as const, text });
		expect(problemOf(TITLE, { to: 'null' })).toMatch(/cannot be NULL/);
		expect(problemOf(META, value('{'))).toMatch(/not valid JSON/);
		expect(problemOf(ID, value('1.5'))).toMatch(/whole number/);
		expect(problemOf(column('n', 'numeric', 'N'), value('1e5'))).toBeNull();
		expect(problemOf(column('n', 'float8', 'N'), value('-Infinity'))).toBeNull();
		expect(problemOf(column('n', 'numeric', 'N'), value('a'))).toMatch(/number/);
		expect(problemOf(column('u', 'uuid', 'U'), value('x'))).toMatch(/UUID/);
		expect(problemOf(TITLE, value('a\0'))).toMatch(/NUL/);
	});
	it('reads answers without rounding', () => {
		expect(parseExact('{"id": 9007199254740993, "a": "1 \\" 2", "b": [1.50, true, null]}')).toEqual({
			id: '9007199254740993',
			a: '1 " 2',
			b: ['1.50', true, null],
		});
	});
});

describe('staged changes', () => {
	const value = (text: string) => ({ to: 'value' as const, text });
	it('are undone and redone', () => {
		let h = stage(EMPTY, 'r', CELLS, 1, 'ti"tle', value('x'));
		h = stage(h, 'r', CELLS, 3, 'flag', { to: 'null' });
		h = stage(h, 'q', CELLS, 1, 'ti"tle', value('y'));
		expect([countCells(h.now), h.now.size]).toEqual([3, 2]);
		h = undo(undo(h));
		expect(countCells(h.now)).toBe(1);
		h = redo(h);
		expect(countCells(h.now)).toBe(2);
		h = discard(h);
		expect(countCells(h.now)).toBe(0);
		expect(countCells(undo(h).now)).toBe(2);
		expect(redo(stage(undo(h), 'z', CELLS, 1, 'ti"tle', value('z'))).future).toEqual([]);
		expect(unstageRow(undo(h), 'r').now.size).toBe(0);
	});
	it('go when the old value is typed again, and do not come from it', () => {
		const h = stage(EMPTY, 'r', CELLS, 1, 'ti"tle', value('x'));
		expect(stage(h, 'r', CELLS, 1, 'ti"tle', value("it's")).now.size).toBe(0);
		expect(stage(EMPTY, 'r', CELLS, 1, 'ti"tle', value("it's"))).toBe(EMPTY);
		expect(stage(EMPTY, 'r', CELLS, 4, 'author', { to: 'null' })).toBe(EMPTY);
		expect(stage(EMPTY, 'r', [{ text: 'x', length: 9 }], 0, 'x', value('x')).now.size).toBe(1);
	});
});

describe('layout', () => {
	const ids = ['a', 'b', 'c'];
	it('moves, pins and hides', () => {
		expect(arrange(ids, moveTo(ids, NO_LAYOUT, 'c', 'a'))).toEqual(['c', 'a', 'b']);
		expect(arrange(ids, moveBy(ids, NO_LAYOUT, 'a', 1))).toEqual(['b', 'a', 'c']);
		expect(moveBy(ids, NO_LAYOUT, 'a', -1)).toBe(NO_LAYOUT);
		const pinned = { ...NO_LAYOUT, pinned: ['b'], hidden: ['c'] };
		expect(visible(ids, pinned)).toEqual(['b', 'a']);
		expect(moveTo(ids, pinned, 'a', 'b').pinned).toEqual(['b', 'a']);
	});
	it('survives what somebody else has stored', () => {
		expect(parseLayout(null)).toEqual(NO_LAYOUT);
		expect(parseLayout('{"order":[1,"a"],"widths":{"a":5,"b":100}}')).toMatchObject({
			order: ['a'],
			widths: { b: 100 },
		});
		expect(arrange(ids, { ...NO_LAYOUT, order: ['gone', 'b'] })).toEqual(['b', 'a', 'c']);
	});
});

describe('files', () => {
	it('quotes by RFC 4180 and tells NULL from the empty text', () => {
		expect(['a', '', null, 'a,b', 'a"b', 'a\nb', ' a'].map((v) => csvField(v, TITLE, true))).toEqual([
			'a',
			'""',
			'',
			'"a,b"',
			'"a""b"',
			'"a\nb"',
			'" a"',
		]);
	});
	it('guards texts against being formulas, never numbers', () => {
		expect(csvField('=1+1', TITLE, true)).toBe("'=1+1");
		expect(csvField('@x,y', TITLE, true)).toBe(`"'@x,y"`);
		expect(csvField('=1+1', TITLE, false)).toBe('=1+1');
		expect(csvField('-5', ID, true)).toBe('-5');
	});
	it('writes JSON with all digits', () => {
		const w = new Writer('json', [ID, column('n', 'numeric', 'N'), META, FLAG, TITLE]);
		const text =
			w.head() +
			w.rows([['9007199254740993', 'NaN', '{"a": 1.0}', 'false', 'x']]) +
			w.rows([]) +
			w.rows([['1', null, null, null, null]]) +
			w.tail();
		expect(text).toContain('"id": 9007199254740993, "n": "NaN", "meta": {"a": 1.0}, "flag": false');
		expect(JSON.parse(text)).toHaveLength(2);
		const csv = new Writer('csv', [ID, TITLE]);
		expect(csv.head() + csv.rows([['1', null]]) + csv.tail()).toBe('id,"ti""tle"\r\n1,\r\n');
	});
});

describe('forms', () => {
	it('begin with what the database would do', () => {
		const fields = newFields(INFO);
		expect([fields.id?.mode, fields['ti"tle']?.mode, fields.meta?.mode]).toEqual(['default', 'value', 'null']);
		expect(problems(INFO, insertValues(INFO, fields), fields)).toEqual({ 'ti"tle': 'a value is wanted' });
		const touched = { ...fields, 'ti"tle': { mode: 'value' as const, text: '', touched: true } };
		expect(problems(INFO, insertValues(INFO, touched), touched)).toEqual({});
	});
	it('send what was changed, and a clone without its key', () => {
		const before = fieldsOf(INFO, CELLS, false);
		expect(changedValues(INFO, before, before).size).toBe(0);
		expect([...changedValues(INFO, before, { ...before, flag: { mode: 'null', text: '' } })]).toEqual([
			['flag', { to: 'null' }],
		]);
		expect(fieldsOf(INFO, CELLS, true).id?.mode).toBe('default');
		expect(fieldsOf(INFO, CELLS, true)['ti"tle']).toMatchObject({ text: "it's" });
	});
	it('show which column PostgreSQL means', () => {
		expect(columnsIn('Key (author, flag)=(1, t) already exists.', INFO)).toEqual(['flag', 'author']);
		expect(columnsIn('null value in column "meta" of relation "x"', INFO)).toEqual(['meta']);
	});
	it('leave out what is not in the API', () => {
		const md = { table: T, configuration: { column_config: { 'ti"tle': { custom_name: 'title' } } } };
		const odd = { ...INFO, columns: [...INFO.columns, column('a b', 'text', 'S')], keys: [['a b'], ['id']] };
		const info = inApi(odd, md);
		expect(info.columns.filter((c) => c.outside).map((c) => c.name)).toEqual(['a b']);
		expect(info.keys).toEqual([['id']]);
		expect(inApi(odd, undefined)).toBe(odd);
	});
});

describe('links', () => {
	it('lead along keys, both ways', () => {
		expect(columnForeignKey(INFO, 'author')).toBe(fk);
		expect(pairFilters([['id', 'x']], INFO, CELLS)).toEqual([{ column: 'x', op: '$eq', value: '9007199254740993' }]);
		expect(pairFilters([['author', 'id']], INFO, CELLS)).toBeNull();
		const other: ForeignKey = { ...fk, table: { schema: 'o', name: 'far' }, target: T, constraint: 'z' };
		const found = reverseLinks(T, undefined, [fk, other], undefined);
		expect(found.map((l) => [l.label, l.pairs])).toEqual([['o.far.author', [['id', 'author']]]]);
	});
});

it('keys', () => {
	const press = (key: string, more = {}) => ({
		key,
		code: '',
		ctrlKey: false,
		metaKey: false,
		altKey: false,
		shiftKey: false,
		...more,
	});
	expect(gridCommand(press('Enter'), false)).toBe('edit');
	expect(gridCommand(press('Enter'), true)).toBe('sort');
	expect(gridCommand(press('Z', { ctrlKey: true, shiftKey: true }), false)).toBe('redo');
	expect(gridCommand(press('ArrowLeft', { altKey: true }), true)).toBe('moveLeft');
	expect(gridCommand(press('Delete', { shiftKey: true }), false)).toBe('delete');
	expect(gridCommand(press('Delete'), true)).toBeNull();
	expect(gridCommand(press('ArrowDown'), false)).toBeNull();
	expect(gridCommand(press('?'), false)).toBeNull();
	expect(gridCommand(press('µ', { altKey: true, code: 'KeyM' }), false)).toBe('menu');
	expect(gridCommand(press('e', { altKey: true, code: 'KeyE' }), true)).toBeNull();
	expect(gridCommand(press('m'), false)).toBeNull();
	expect(['m', 'é', '?', ' ', 'F3', 'Dead'].map((k) => typedText(press(k)))).toEqual([
		'm',
		'é',
		null,
		null,
		null,
		null,
	]);
	expect(typedText(press('b', { ctrlKey: true }))).toBeNull();
	expect(typedText(press('@', { ctrlKey: true, altKey: true, code: 'KeyQ' }))).toBe('@');
});
