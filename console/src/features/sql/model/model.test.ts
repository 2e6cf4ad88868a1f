import { expect, describe as group, test } from 'vitest';
import { proposals, type SqlCatalog, usedTables } from './completion';
import { describe, isCursorable } from './describe';
import { suggestDown } from './down';
import { addToHistory, findInHistory, KEPT } from './history';
import { placeOf, requestOf, wordAt } from './request';
import { splitStatements, statementAt } from './statements';
import { columnWidths, csv, jsonRows, numericColumns, tsv } from './table';

const texts = (sql: string) => splitStatements(sql).map((s) => s.text);

group('statements', () => {
	test.each<[string, string[]]>([
		['select 1; select 2', ['select 1', 'select 2']],
		[";; select ';' ;", ["select ';'"]],
		["select 'it''s; ok', E'\\';' , 2; x", ["select 'it''s; ok', E'\\';' , 2", 'x']],
		['select $$a;b$$, $q$ ; $$ ; $q$; b', ['select $$a;b$$, $q$ ; $$ ; $q$', 'b']],
		['select "a;b" -- c;d\n, 1 /* e; /* f; */ ; */ ; g', ['select "a;b" -- c;d\n, 1', 'g']],
		[
			'create function f() returns int begin atomic select 1; select case when true then 2 end; end; select 3',
			['create function f() returns int begin atomic select 1; select case when true then 2 end; end', 'select 3'],
		],
		["select 'never closed; ", ["select 'never closed; "]],
		['  -- only a comment', []],
	])('%s', (sql, expected) => expect(texts(sql)).toEqual(expected));

	test('the one the cursor is in', () => {
		const all = splitStatements('select 1;\nselect 2;\n');
		expect(statementAt(all, 0)?.text).toBe('select 1');
		expect(statementAt(all, 12)?.text).toBe('select 2');
		expect(statementAt(all, 20)?.text).toBe('select 2');
		expect(statementAt(splitStatements('  x'), 0)).toBeUndefined();
	});
});

const about = (sql: string) => describe(splitStatements(sql));

group('what a script does', () => {
	test('objects that can be tracked', () => {
		const sql = `CREATE TABLE IF NOT EXISTS Author (id int); create or replace view "Sales"."By Day" as select 1;
			create unlogged table u(); create materialized view app.m as select 1; create foreign table ft () server s;
			create or replace function app.f(a int) returns setof author language sql as $$ create table no(); $$;
			create temp table t1(); create table p1 partition of p for values in (1); create index i on author (id);
			create table author (id int)`;
		expect(about(sql).creates).toEqual([
			{ schema: 'public', name: 'author', kind: 'table' },
			{ schema: 'Sales', name: 'By Day', kind: 'view' },
			{ schema: 'public', name: 'u', kind: 'table' },
			{ schema: 'app', name: 'm', kind: 'materialized view' },
			{ schema: 'public', name: 'ft', kind: 'foreign table' },
			{ schema: 'app', name: 'f', kind: 'function' },
		]);
	});

	test.each([
		['select 1', false, false],
		["select 'drop table x'", false, false],
		['explain delete from a', false, false],
		['explain (analyze, buffers) delete from a where id = 1', false, true],
		['explain analyze select 1', false, false],
		['insert into a values (1)', false, true],
		['with x as (delete from a where id = 1 returning *) select * from x', false, true],
		['with x as (select 1) select * from x', false, false],
		['select * from a for update', false, false],
		['select * into b from a', true, true],
		['alter table a add b int', true, true],
		['comment on table a is null', true, true],
		['vacuum', false, false],
	])('%s', (sql, schema, writes) => {
		expect([about(sql).schemaChanges.length > 0, about(sql).writes]).toEqual([schema, writes]);
	});

	test.each<[string, string[]]>([
		['drop table if exists app.a cascade', ['drops table app.a and all that depends on it']],
		['drop materialized view m', ['drops materialized view m']],
		['truncate table only a', ['empties a']],
		['delete from a; delete from b where id = 1', ['deletes every row of a']],
		['update a set b = 1', ['changes every row of a']],
		['alter table a drop column if exists b', ['drops column b of a']],
		['alter table a alter b drop not null, drop constraint c', []],
		['select 1', []],
	])('%s is a danger', (sql, dangers) => expect(about(sql).dangers).toEqual(dangers));

	test.each([
		['select 1', true],
		['select 1;', true],
		['values (1)', true],
		['select 1; select 2', false],
		['select * into b from a', false],
		['select * from a for update', false],
		['with x as (delete from a returning *) select * from x', false],
		['explain select 1', false],
		['show all', false],
	])('%s can be fetched in part: %s', (sql, yes) => expect(isCursorable(splitStatements(sql))).toBe(yes));
});

group('the way back', () => {
	test.each<[string, string | null]>([
		['create table a (id int); create index i on a (id)', 'DROP INDEX "public"."i";\nDROP TABLE "public"."a";'],
		['alter table app.a add column "B c" numeric(3, 1)', 'ALTER TABLE "app"."a" DROP COLUMN "B c";'],
		['alter table a add b int, add c int', null],
		['alter table a add constraint x check (true)', null],
		['create or replace view v as select 1', null],
		['create schema app', 'DROP SCHEMA "app";'],
		['create index on a (id)', null],
		['insert into a values (1)', null],
		['', null],
	])('%s', (sql, down) => expect(suggestDown(splitStatements(sql))).toBe(down));
});

group('what is sent', () => {
	const sent = (sql: string, rows = 10, timeout = 5) =>
		requestOf(sql, splitStatements(sql), { rows, timeout, mark: 'x1' });

	test('a read is fetched in part', () => {
		const s = sent('-- first\n select * from a; -- all');
		expect(s.sql).toBe(
			'/*weir-console x1*/SET LOCAL statement_timeout=5000;SET LOCAL cursor_tuple_fraction=1;' +
				'DECLARE weir_console NO SCROLL CURSOR FOR select * from a\n;FETCH FORWARD 11 FROM weir_console',
		);
		expect(s.fetched).toBe(11);
	});

	test('anything else as it is', () => {
		expect(sent('update a set b = 1', 10, 0).sql).toBe('/*weir-console x1*/update a set b = 1');
		expect(sent('select 1', 0, 0)).toMatchObject({ sql: '/*weir-console x1*/select 1', fetched: 0 });
	});

	test.each(["-- 😀\nselect '😀', nope from a", "insert into a values ('😀'); select nope"])(
		'place of an error: %s',
		(sql) => {
			for (const s of [sent(sql), sent(sql, 0, 0)]) {
				const position = [...s.sql.slice(0, s.sql.indexOf('nope'))].length + 1;
				const at = placeOf(s, position);
				expect(at).toBe(sql.indexOf('nope'));
				expect(wordAt(sql, at ?? 0)).toEqual({ from: sql.indexOf('nope'), to: sql.indexOf('nope') + 4 });
			}
		},
	);

	test('a place before the text is none of it', () => expect(placeOf(sent('select 1'), 3)).toBeNull());
	test('at its end', () => expect(wordAt('select', 6)).toEqual({ from: 5, to: 6 }));
});

group('completion', () => {
	const catalog: SqlCatalog = {
		tables: [
			['public', 'author', 'table', ['id', 'name', 'Born']],
			['public', 'order', 'table', ['id', 'total']],
			['app', 'setting', 'view', ['key', 'value']],
		],
		functions: [['public', 'slug', 'text']],
		builtins: ['lower', 'now'],
	};
	const at = (text: string) => {
		const place = text.indexOf('|');
		const found = proposals(catalog, text.replace('|', ''), place);
		return found?.options.map((o) => o.apply ?? o.label) ?? null;
	};

	test('tables, schemas, functions', () =>
		expect(at('select |')).toEqual(['author', '"order"', 'app.setting', 'public', 'app', 'slug', 'lower', 'now']));
	test('columns of the tables in the statement come first', () =>
		expect(at('select 1; select | from author a join app.setting on true')?.slice(0, 6)).toEqual(
			['id', 'name', '"Born"', 'key', '"value"', 'a'].map((x) => (x === '"value"' ? 'value' : x)),
		));
	test('behind an alias, a table, a schema', () => {
		expect(at('select a.| from author as a')).toEqual(['id', 'name', '"Born"']);
		expect(at('update "order" set total = "order".|')).toEqual(['id', 'total']);
		expect(at('select * from app.se|')).toEqual(['setting']);
		expect(at('select x.| from author')).toEqual([]);
	});
	test('not in a string', () => expect(at("select 'a|' from author")).toBeNull());
	test('tables of a list', () =>
		expect(
			usedTables(splitStatements('select * from a, b.c x where a.id in (select 1 from only d)')[0]?.tokens ?? []),
		).toEqual([
			{ schema: null, table: 'a', alias: 'a' },
			{ schema: 'b', table: 'c', alias: 'x' },
			{ schema: null, table: 'd', alias: 'd' },
		]));
});

group('results', () => {
	const t = {
		columns: ['id', 'a,b', 'id'],
		rows: [
			['1', 'x"y', null],
			['2', '', 'l\n2'],
		],
	};
	test('csv', () => expect(csv(t)).toBe('id,"a,b",id\r\n1,"x""y",\r\n2,"","l\n2"\r\n'));
	test('tsv', () => expect(tsv(t.rows)).toBe('1\tx"y\t\n2\t\tl 2'));
	test('json', () => expect(JSON.parse(jsonRows(t))[0]).toEqual({ id: '1', 'a,b': 'x"y', id_2: null }));
	test('numbers to the right', () => expect(numericColumns(t)).toEqual([true, false, false]));
	test('widths are bounded', () => {
		const [narrow, wide] = columnWidths({ columns: ['a', 'b'], rows: [['1', 'x'.repeat(9999)]] });
		expect([narrow, wide]).toEqual([60, 420]);
	});
});

group('history', () => {
	const entry = (sql: string, at = 1) => ({ sql, at, source: 'default', readOnly: true });
	test('the same statement once, newest first', () => {
		const list = [entry('a'), entry('b')].reduce(addToHistory, []);
		expect(addToHistory(list, entry('a', 2)).map((e) => [e.sql, e.at])).toEqual([
			['a', 2],
			['b', 1],
		]);
		expect(addToHistory(list, entry(' '))).toBe(list);
		expect(addToHistory(list, entry('x'.repeat(30_000)))).toBe(list);
	});
	test('bounded', () =>
		expect(Array.from({ length: KEPT + 5 }, (_, i) => entry(`s${i}`)).reduce(addToHistory, [])).toHaveLength(KEPT));
	test('found by words', () =>
		expect(findInHistory([entry('select Author'), entry('delete')], 'AUTHOR sel').map((e) => e.sql)).toEqual([
			'select Author',
		]));
});
