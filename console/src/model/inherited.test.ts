import { describe, expect, it } from 'vitest';
import { inheritanceOf, inheritedAccess, inheritedBy } from './inherited';
import type { Inconsistencies, Metadata, Operation, TableMetadata } from './metadata';

const select = (role: string, columns: string[] | '*', filter = {}, limit?: number) => ({
	role,
	permission: { columns, filter, ...(limit === undefined ? {} : { limit }) },
});
const remove = (role: string, filter = {}) => ({ role, permission: { filter } });
const table: TableMetadata = {
	table: { schema: 'app', name: 't' },
	select_permissions: [select('a', ['id'], { id: { _eq: 1 } }), select('b', '*'), select('own', ['id'])],
	delete_permissions: [remove('a'), remove('b', { id: { _eq: 1 } }), remove('c')],
};
const made = (roles: Record<string, string[]>, objects: Inconsistencies['inconsistent_objects'] = []) =>
	inheritanceOf(
		{
			version: 3,
			sources: [],
			inherited_roles: Object.entries(roles).map(([role_name, role_set]) => ({ role_name, role_set })),
		} as Metadata,
		{ is_consistent: objects.length === 0, inconsistent_objects: objects },
	);
const conflict = (role: string) => ({
	type: 'inherited role permission inconsistency',
	name: role,
	reason: '',
	entity: { permission_type: 'delete', source: 'default', table: 'app.t' },
});
const parts = (i: ReturnType<typeof made>, op: Operation, role: string, source = 'default') =>
	inheritedBy(i, source, table, op, role).parts.map((e) => e.role);

describe('where a permission comes from', () => {
	const roles = {
		both: ['a', 'b', 'none'],
		above: ['both', 'c'],
		own: ['a'],
		more: ['own', 'both'],
		loop: ['pool'],
		pool: ['loop', 'a'],
	};
	const i = made(roles);
	it.each([
		['a', []],
		['both', ['a', 'b']],
		['above', ['a', 'b']],
		['own', ['a']],
		['more', ['own', 'a', 'b']],
		['loop', ['a']],
		['unknown', []],
	])('%s: %j', (role, wanted) => expect(parts(i, 'select', role)).toEqual(wanted));
	it('nothing of another operation', () => expect(parts(i, 'insert', 'both')).toEqual([]));
	it('nothing by a role the server found broken', () => {
		const broken = {
			type: 'inherited_role',
			name: 'inherited role both',
			reason: '',
			definition: { role_name: 'both' },
		};
		expect(parts(made(roles, [broken]), 'select', 'both')).toEqual([]);
		expect(parts(made(roles, [broken]), 'select', 'above')).toEqual([]);
	});
	it('parts that differ give nothing, to roles above neither', () => {
		const differing = made(roles, [conflict('both')]);
		expect(inheritedBy(differing, 'default', table, 'delete', 'both').conflict).toBe(true);
		expect(inheritedBy(differing, 'default', table, 'select', 'both').conflict).toBe(false);
		expect(inheritedBy(differing, 'other', table, 'delete', 'both').conflict).toBe(false);
		expect(parts(differing, 'delete', 'above')).toEqual(['c']);
		expect(parts(i, 'delete', 'above')).toEqual(['a', 'b', 'c']);
	});
});

describe('what it amounts to', () => {
	const access = (...list: ReturnType<typeof select>[]) =>
		inheritedAccess({ ...table, select_permissions: list }, 'select', list, ['id', 'x']);
	it.each([
		['part', [select('a', ['id'])]],
		['full', [select('a', ['id']), select('b', '*')]],
		['part', [select('a', ['id'], {}, 5), select('b', '*')]],
		['part', [select('a', '*', { id: { _eq: 1 } })]],
		['none', []],
	])('%s', (wanted, list) => expect(access(...list)).toBe(wanted));
});
