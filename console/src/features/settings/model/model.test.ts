import { describe, expect, test } from 'vitest';
import type { Metadata } from '@/model/metadata';
import { changesOf, changesTitle } from './changes';
import { canonical, documentText, identity, type Json, readDocument } from './document';
import { findingOf } from './remedy';

const doc = (tables: Json[], more: { [key: string]: Json } = {}): { [key: string]: Json } => ({
	version: 3,
	sources: [{ name: 'default', kind: 'postgres', configuration: { connection_info: {} }, tables, ...more }],
});
const table = (name: string, more: { [key: string]: Json } = {}, schema = 'public'): Json => ({
	table: { schema, name },
	...more,
});
const select = (role: string, columns: Json = ['id'], filter: Json = {}): Json => ({
	role,
	permission: { columns, filter },
});

describe('files', () => {
	test.each([
		['{"resource_version": 3, "metadata": {"version": 3, "sources": []}}'],
		['{"version": 3, "sources": []}'],
		['version: 3\nsources: []\n'],
		['metadata:\n  version: 3\n  sources: []\n'],
	])('%s', (text) => expect(readDocument(text)).toEqual({ version: 3, sources: [] }));

	test('metadata of version 2 is for the server to judge', () =>
		expect(readDocument('{"version": 2, "tables": []}')).toEqual({ version: 2, tables: [] }));

	test.each([
		['', 'empty'],
		['{"a": ', 'neither JSON nor YAML'],
		['- 1', 'not a metadata document'],
		['{"version": 3}', 'neither “sources” nor “tables”'],
		['version: 3\nsources: "!include databases/databases.yaml"', 'weir metadata apply'],
	])('%s is refused', (text, why) => expect(() => readDocument(text)).toThrow(why));
});

describe('canonical form', () => {
	test('order and emptiness mean nothing', () => {
		const a = doc([
			table('b'),
			table('a', { select_permissions: [select('u', ['x', 'y']), select('a')], object_relationships: [] }),
		]);
		const b = doc([
			table('a', { select_permissions: [select('a'), select('u', ['y', 'x'])] }),
			table('b', { is_enum: null }),
		]);
		expect(documentText(a, 'yaml')).toBe(documentText(b, 'yaml'));
		expect(documentText(a, 'json')).toBe(documentText(b, 'json'));
	});

	test('the order of a filter means something', () => {
		const filter = (list: Json[]) => canonical({ filter: { _or: list } });
		expect(filter([{ a: {} }, { b: {} }])).not.toEqual(filter([{ b: {} }, { a: {} }]));
	});

	test('no columns and no root fields are something', () => {
		expect(canonical({ columns: [], query_root_fields: [], comment: null })).toEqual({
			columns: [],
			query_root_fields: [],
		});
	});

	test('names', () => {
		expect(identity(table('a'))).toBe('a');
		expect(identity(table('a', {}, 's'))).toBe('s.a');
		expect(identity({ role: 'u' })).toBe('u');
		expect(identity(3)).toBe('3');
	});
});

describe('differences', () => {
	const told = (a: { [key: string]: Json }, b: { [key: string]: Json }) =>
		changesOf(a, b).map((c) => [c.kind, c.type, c.name, c.source].filter(Boolean).join(' | '));

	test('none', () => {
		expect(told(doc([table('a'), table('b')]), doc([table('b'), table('a')]))).toEqual([]);
		expect(changesTitle([])).toBe('No difference of meaning');
	});

	test('objects of a table are told by themselves', () => {
		const before = doc([
			table('a', {
				select_permissions: [select('u'), select('gone')],
				array_relationships: [{ name: 'bs', using: { x: 1 } }],
			}),
			table('old'),
		]);
		const after = doc([
			table('a', { select_permissions: [select('u', ['id', 'b'])], is_enum: true }),
			table('new', { select_permissions: [select('u')] }, 'app'),
		]);
		expect(told(before, after).sort()).toEqual([
			'added | select permission | app.new, role u',
			'added | table | app.new',
			'changed | select permission | a, role u',
			'changed | table | a',
			'removed | array relationship | a, bs',
			'removed | select permission | a, role gone',
			'removed | table | old',
		]);
		expect(changesTitle(changesOf(before, after))).toBe('2 added, 3 removed, 2 changed');
	});

	test('sources, their settings, and what is beside them', () => {
		const one = doc([table('a')]);
		const two = {
			...doc([table('a')], { customization: { naming_convention: 'graphql-default' } }),
			inherited_roles: [{ role_name: 'r', role_set: ['a'] }],
		};
		expect(told(one, two)).toEqual(['added | inherited role | r', 'changed | source | default: customization']);
		expect(told(one, { ...one, custom_types: { objects: [], scalars: [{ name: 'X' }] } })).toEqual([
			'changed | settings | custom_types',
		]);
		const more = { ...one, sources: [...(one.sources as Json[]), { name: 'other', tables: [table('x')] }] };
		expect(told(one, more)).toEqual(['added | source | other', 'added | table | x | other']);
		expect(told(more, one)).toEqual(['removed | source | other']);
	});
});

describe('inconsistencies', () => {
	const metadata = {
		version: 3,
		sources: [{ name: 'default', kind: 'postgres', tables: [], configuration: {} }],
	} as Metadata;
	const article = { schema: 'public', name: 'article' };
	const find = (o: { type: string; reason?: string; definition?: unknown; name?: string }) =>
		findingOf({ reason: 'x', ...o }, metadata);

	test('a table that is gone', () => {
		const f = find({
			type: 'table',
			definition: { schema: 'app', name: 'gone' },
			name: 'table app.gone in source main',
			reason: 'Inconsistent object: no such table/view exists in source: "app.gone"',
		});
		expect(f.what).toBe('Table app.gone');
		expect(f.advice).toContain('untrack');
		expect(f.fixes.map((x) => x.label)).toEqual(['Reload main', 'Untrack']);
		expect(f.fixes[1]?.ops).toEqual([
			{ type: 'pg_untrack_table', args: { source: 'main', table: { schema: 'app', name: 'gone' }, cascade: true } },
		]);
	});

	test('a permission leads to its page', () => {
		const f = find({
			type: 'select_permission',
			definition: { source: 'default', table: article, role: 'u', permission: {} },
			reason: 'in table "article": in permission for role "u": "nope" does not exist',
		});
		expect(f.what).toBe('Select permission of role u on article');
		expect(f.href).toBe('/data/default/schema/public/tables/article/permissions');
		expect(f.fixes[1]?.ops[0]).toEqual({
			type: 'pg_drop_select_permission',
			args: { source: 'default', table: article, role: 'u' },
		});
	});

	test('a relationship', () => {
		const f = find({
			type: 'object_relation',
			definition: { source: 'default', table: article, name: 'editor', using: {} },
		});
		expect([f.what, f.href]).toEqual([
			'Object relationship editor of article',
			'/data/default/schema/public/tables/article/relationships',
		]);
		expect(f.fixes.map((x) => x.label)).toEqual(['Reload default', 'Drop']);
	});

	test('a source is reloaded, never dropped by a click', () => {
		const f = find({
			type: 'source',
			definition: 'other',
			name: 'source other',
			reason: "environment variable 'X' not set",
		});
		expect([f.what, f.href, f.fixes.map((x) => x.label)]).toEqual(['Database other', '/data/manage', ['Reload other']]);
	});

	test('what Weir does not serve is said to be that', () => {
		const f = find({
			type: 'action',
			definition: { name: 'act' },
			reason: 'actions are not served by this version of Weir',
		});
		expect([f.what, f.fixes]).toEqual(['Action act', []]);
		expect(f.advice).toContain('Weir does not serve it');
	});

	test('types nobody knows are shown as they are', () =>
		expect(find({ type: 'new_thing', name: 'new thing x' }).what).toBe('new thing x'));
});
