// Inherited roles: where they have a permission from. The rules are the server's: rows and columns of all parts together;
// a permission to write only where those that have one agree; a permission of its own takes the place of all of them.
import type { Inconsistencies, Metadata, Operation, PermissionEntry, TableMetadata } from './metadata';
import { permissionsOf, tableLabel } from './metadata';
import { type Access, type AnyPermission, accessOf } from './permissions';

export interface Inheritance {
	/** Role → the roles it is made of. Roles the server found broken (a cycle, a part that is missing) inherit nothing. */
	madeOf: Map<string, string[]>;
	/** Where parts disagree, so that nothing is inherited. */
	conflicts: Set<string>;
}

const conflictKey = (role: string, op: string, source: string, table: string) =>
	JSON.stringify([role, op, source, table]);

export function inheritanceOf(metadata: Metadata, found: Inconsistencies | undefined): Inheritance {
	const madeOf = new Map((metadata.inherited_roles ?? []).map((r) => [r.role_name, r.role_set]));
	const conflicts = new Set<string>();
	for (const o of found?.inconsistent_objects ?? []) {
		const broken = o.type === 'inherited_role' ? (o.definition as { role_name?: string } | undefined)?.role_name : null;
		if (broken) madeOf.delete(broken);
		if (o.entity && o.name)
			conflicts.add(conflictKey(o.name, o.entity.permission_type, o.entity.source, o.entity.table));
	}
	return { madeOf, conflicts };
}

export interface Inherited {
	/** The nearest roles above that have a permission. */
	parts: PermissionEntry<AnyPermission>[];
	/** They differ, and so the role has nothing. */
	conflict: boolean;
}

const NOTHING: Inherited = { parts: [], conflict: false };

/** What the role has from its parts, whether or not it has a permission of its own. */
export function inheritedBy(
	i: Inheritance,
	source: string,
	t: TableMetadata,
	op: Operation,
	role: string,
	seen: ReadonlySet<string> = new Set(),
): Inherited {
	const madeOf = i.madeOf.get(role);
	if (!madeOf || seen.has(role)) return NOTHING;
	const parts = new Map<string, PermissionEntry<AnyPermission>>();
	for (const part of madeOf) {
		const own = permissionsOf(t, op).find((e) => e.role === part);
		const above = own ? NOTHING : inheritedBy(i, source, t, op, part, new Set([...seen, role]));
		for (const e of own ? [own] : above.conflict ? [] : above.parts) parts.set(e.role, e);
	}
	return {
		parts: [...parts.values()],
		conflict: i.conflicts.has(conflictKey(role, op, source, tableLabel(t.table))),
	};
}

/** What the parts amount to. */
export function inheritedAccess(t: TableMetadata, op: Operation, parts: Inherited['parts'], columns: string[]): Access {
	if (parts.length === 0) return 'none';
	const limited = parts.some((e) => 'limit' in e.permission && e.permission.limit != null);
	return !limited && parts.some((e) => accessOf(t, op, e.role, columns) === 'full') ? 'full' : 'part';
}
