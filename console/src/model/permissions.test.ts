import { describe, expect, it } from 'vitest';
import type { TableMetadata } from './metadata';
import {
	accessOf,
	changedElsewhere,
	draftFrom,
	emptyDraft,
	graphqlNames,
	lackingColumns,
	rootFieldLacks,
	saveOps,
	templates,
	toDraft,
	toPermission,
	withoutLackingRoots,
} from './permissions';

const table = { schema: 'public', name: 'article' };

describe('drafts', () => {
	it.each([
		[
			'select',
			{ columns: ['id'], filter: { id: { _eq: 1 } }, limit: 5, allow_aggregations: true, query_root_fields: [] },
		],
		['select', { columns: '*', filter: {}, computed_fields: ['words'] }],
		['insert', { columns: ['id'], check: {}, set: { author_id: 'X-Hasura-User-Id' }, backend_only: true }],
		['update', { columns: ['title'], filter: {}, check: null }],
		['delete', { filter: { id: { _gt: 3 } }, validate_input: { type: 'http' } }],
	] as const)('%s: what was read is what is written', (op, permission) => {
		// biome-ignore lint/suspicious/noExplicitAny: literal permissions of four shapes
		expect(toPermission(op, toDraft(op, permission as any))).toEqual(permission);
	});
	it('an insert permission without columns is one for all', () => {
		expect(toDraft('insert', { check: {} }).columns).toBe('*');
	});
	it('saving over one drops it in the same call', () => {
		const target = { source: 'default', table, role: 'user', op: 'select' as const };
		expect(saveOps(target, emptyDraft(), true).map((o) => o.type)).toEqual([
			'pg_drop_select_permission',
			'pg_create_select_permission',
		]);
		expect(saveOps(target, emptyDraft(), false, 'why')[0]?.args).toMatchObject({ role: 'user', comment: 'why' });
	});
});

describe('root fields', () => {
	const draft = { ...emptyDraft(), columns: ['id'], queryFields: ['select_by_pk', 'select_aggregate'] };
	it('what the server would refuse is told', () => {
		expect(rootFieldLacks('select_by_pk', draft, ['id', 'part'])).toBe('needs part');
		expect(rootFieldLacks('select_by_pk', draft, [])).toBe('the table has no primary key');
		expect(rootFieldLacks('select_by_pk', { ...draft, columns: '*' }, ['id', 'part'])).toBe(null);
		expect(rootFieldLacks('select_aggregate', draft, ['id'])).toBe('needs aggregations');
		expect(rootFieldLacks('select', draft, [])).toBe(null);
	});
	it('and left out', () => {
		expect(withoutLackingRoots(draft, ['id']).queryFields).toEqual(['select_by_pk']);
		expect(withoutLackingRoots({ ...draft, aggregations: true }, []).queryFields).toEqual(['select_aggregate']);
		expect(withoutLackingRoots(draft, ['id']).subscriptionFields).toBe(null);
	});
});

describe('from another operation', () => {
	const now = { ...emptyDraft(), columns: ['kept'], rest: { mine: 1 } };
	const remove = { filter: { id: { _gt: 3 } }, validate_input: { type: 'http' } };
	it('the rule, and the columns if it has some', () => {
		expect(toPermission('select', draftFrom('delete', remove, 'select', now))).toEqual({
			filter: { id: { _gt: 3 } },
			columns: ['kept'],
			mine: 1,
		});
		expect(toPermission('insert', draftFrom('select', { columns: ['id'], filter: { a: {} } }, 'insert', now))).toEqual({
			check: { a: {} },
			columns: ['id'],
			mine: 1,
		});
	});
	it('everything of the same one', () => {
		expect(toPermission('delete', draftFrom('delete', remove, 'delete', now))).toEqual(remove);
	});
});

describe('matrix', () => {
	const md = (permission: object): TableMetadata =>
		({ table, select_permissions: [{ role: 'user', permission }] }) as TableMetadata;
	it.each([
		[{ columns: '*', filter: {} }, 'full'],
		[{ columns: ['id', 'title'], filter: {} }, 'full'],
		[{ columns: ['id'], filter: {} }, 'part'],
		[{ columns: '*', filter: { id: { _eq: 1 } } }, 'part'],
		[{ columns: '*', filter: {}, limit: 10 }, 'part'],
		[{ columns: '*', filter: {}, query_root_fields: [] }, 'part'],
	] as const)('%j is %s', (permission, access) => {
		expect(accessOf(md(permission), 'select', 'user', ['id', 'title'])).toBe(access);
	});
	it('nothing for others', () => expect(accessOf(md({ columns: '*', filter: {} }), 'select', 'x', [])).toBe('none'));
});

describe('templates', () => {
	it('own rows by the key to a table of users, and by usual names', () => {
		const fk = {
			table,
			constraint: 'k',
			columns: ['writer_id'],
			target: { schema: 'public', name: 'auth_user' },
			targetColumns: ['id'],
			unique: false,
		};
		expect(templates(['id', 'writer_id', 'tenant_id'], [fk], table, ['id'])).toEqual([
			{ label: 'every row', rule: {} },
			{ label: 'own rows by writer_id', rule: { writer_id: { _eq: 'X-Hasura-User-Id' } } },
			{ label: 'rows of the tenant', rule: { tenant_id: { _eq: 'X-Hasura-Tenant-Id' } } },
		]);
	});
});

describe('names in GraphQL', () => {
	const source = { name: 'default', kind: 'postgres', configuration: {}, tables: [] };
	it('by default, customised, and by convention', () => {
		expect(graphqlNames(source, { table: { schema: 'shop', name: 'item' } }, undefined).select).toBe('shop_item');
		const custom = graphqlNames(
			source,
			{
				table,
				configuration: {
					custom_name: 'Post',
					custom_root_fields: { select: 'posts', insert: { name: 'addPosts' } },
					column_config: { id: { custom_name: 'key' } },
				},
			},
			undefined,
		);
		expect([custom.select, custom.insert, custom.update, custom.column('id'), custom.column('a_b')]).toEqual([
			'posts',
			'addPosts',
			'update_Post',
			'key',
			'a_b',
		]);
		const camelled = graphqlNames(source, { table: { schema: 'public', name: 'blog_article' } }, 'graphql-default');
		expect([camelled.select, camelled.insert, camelled.column('author_id')]).toEqual([
			'blogArticle',
			'insertBlogArticle',
			'authorId',
		]);
	});
});

describe('what changes while a form is open', () => {
	it.each([
		['a', 'a', 'a', 'no'],
		['b', 'a', 'a', 'no'],
		['b', 'a', 'b', 'same'],
		['a', 'a', 'c', 'take'],
		['b', 'a', 'c', 'differs'],
	] as const)('mine %s, begun with %s, now %s: %s', (mine, begun, now, expected) => {
		expect(changedElsewhere(mine, begun, now)).toBe(expected);
	});
	it('columns that are gone are told', () => {
		const columns = [{ name: 'id' }, { name: 'title' }];
		expect(lackingColumns({ ...emptyDraft(), columns: ['id', 'gone'] }, columns)).toEqual(['gone']);
		expect(lackingColumns({ ...emptyDraft(), columns: '*' }, columns)).toEqual([]);
	});
});
