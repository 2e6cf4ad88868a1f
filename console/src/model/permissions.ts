// What the permission form edits, and the operations it becomes.
import type { MetadataOp } from '@/api/client';
import type { ForeignKey } from './catalog';
import type {
	BoolExp,
	DeletePermission,
	InsertPermission,
	Operation,
	QualifiedName,
	SelectPermission,
	SourceMetadata,
	TableMetadata,
	UpdatePermission,
} from './metadata';
import { permissionsOf } from './metadata';
import { camel } from './relationships';

export const OPERATIONS: Operation[] = ['insert', 'select', 'update', 'delete'];

export type AnyPermission = SelectPermission | InsertPermission | UpdatePermission | DeletePermission;

/** Every field of the form, whatever the operation; `toPermission` keeps those that count. */
export interface Draft {
	filter: BoolExp;
	check: BoolExp | null;
	columns: string[] | '*';
	computedFields: string[];
	set: Record<string, unknown>;
	limit: number | null;
	aggregations: boolean;
	queryFields: string[] | null;
	subscriptionFields: string[] | null;
	backendOnly: boolean;
	/** Keys the form does not show, as validate_input. */
	rest: Record<string, unknown>;
}

export const emptyDraft = (): Draft => ({
	filter: {},
	check: null,
	columns: [],
	computedFields: [],
	set: {},
	limit: null,
	aggregations: false,
	queryFields: null,
	subscriptionFields: null,
	backendOnly: false,
	rest: {},
});

const KNOWN = new Set([
	'filter',
	'check',
	'columns',
	'computed_fields',
	'set',
	'limit',
	'allow_aggregations',
	'query_root_fields',
	'subscription_root_fields',
	'backend_only',
]);

export function toDraft(op: Operation, permission: AnyPermission): Draft {
	const p = permission as Partial<SelectPermission & InsertPermission & UpdatePermission>;
	return {
		...emptyDraft(),
		filter: p.filter ?? {},
		check: p.check ?? (op === 'insert' ? {} : null),
		// Hasura v2: an insert permission without `columns` is one for all of them.
		columns: p.columns ?? (op === 'insert' ? '*' : []),
		computedFields: p.computed_fields ?? [],
		set: p.set ?? {},
		limit: p.limit == null ? null : Number(p.limit), // 1e1 was kept as it is written
		aggregations: p.allow_aggregations ?? false,
		queryFields: p.query_root_fields ?? null,
		subscriptionFields: p.subscription_root_fields ?? null,
		backendOnly: p.backend_only ?? false,
		rest: Object.fromEntries(Object.entries(permission).filter(([key]) => !KNOWN.has(key))),
	};
}

export function toPermission(op: Operation, d: Draft): Record<string, unknown> {
	const p: Record<string, unknown> = { ...d.rest };
	if (op === 'insert') p.check = d.check ?? {};
	else p.filter = d.filter;
	if (op === 'update') p.check = d.check;
	if (op !== 'delete') p.columns = d.columns;
	if (op === 'select') {
		if (d.computedFields.length) p.computed_fields = d.computedFields;
		if (d.limit !== null) p.limit = d.limit;
		if (d.aggregations) p.allow_aggregations = true;
		if (d.queryFields) p.query_root_fields = d.queryFields;
		if (d.subscriptionFields) p.subscription_root_fields = d.subscriptionFields;
	} else {
		if (d.backendOnly) p.backend_only = true;
		if (op !== 'delete' && Object.keys(d.set).length) p.set = d.set;
	}
	return p;
}

export interface Target {
	source: string;
	table: QualifiedName;
	role: string;
	op: Operation;
}

/** Replaces what is there: one atomic call drops and creates. */
export function saveOps(t: Target, d: Draft, exists: boolean, comment?: string): MetadataOp[] {
	const at = { source: t.source, table: t.table, role: t.role };
	const create: MetadataOp = {
		type: `pg_create_${t.op}_permission`,
		args: { ...at, permission: toPermission(t.op, d), ...(comment ? { comment } : {}) },
	};
	return exists ? [dropOp(t), create] : [create];
}

export const dropOp = (t: Target): MetadataOp => ({
	type: `pg_drop_${t.op}_permission`,
	args: { source: t.source, table: t.table, role: t.role },
});

export type Access = 'none' | 'full' | 'part';

/** What the cell of the matrix shows: everything, some rows or columns, nothing. */
export function accessOf(t: TableMetadata, op: Operation, role: string, columns: string[]): Access {
	const found = permissionsOf(t, op).find((e) => e.role === role);
	if (!found) return 'none';
	const d = toDraft(op, found.permission);
	const rules = op === 'insert' ? [d.check] : op === 'update' ? [d.filter, d.check] : [d.filter];
	if (rules.some((r) => r && Object.keys(r).length > 0)) return 'part';
	if (d.backendOnly || (op === 'select' && (d.limit !== null || d.queryFields || d.subscriptionFields))) return 'part';
	return op === 'delete' || d.columns === '*' || columns.every((c) => d.columns.includes(c)) ? 'full' : 'part';
}

// ---- root fields

export type RootField = 'select' | 'select_by_pk' | 'select_aggregate' | 'select_stream';

export const QUERY_ROOTS: RootField[] = ['select', 'select_by_pk', 'select_aggregate'];
export const SUBSCRIPTION_ROOTS: RootField[] = [...QUERY_ROOTS, 'select_stream'];

/** What a root field wants of the rest of the permission and has not; null: it can be had. */
export function rootFieldLacks(field: string, d: Draft, primaryKey: string[]): string | null {
	if (field === 'select_aggregate' && !d.aggregations) return 'needs aggregations';
	if (field !== 'select_by_pk') return null;
	if (primaryKey.length === 0) return 'the table has no primary key';
	const missing = primaryKey.filter((c) => d.columns !== '*' && !d.columns.includes(c));
	return missing.length ? `needs ${missing.join(', ')}` : null;
}

/** The server refuses a permission that names a root field it does not allow. */
export function withoutLackingRoots(d: Draft, primaryKey: string[]): Draft {
	const left = (list: string[] | null) => list?.filter((f) => rootFieldLacks(f, d, primaryKey) === null) ?? null;
	return { ...d, queryFields: left(d.queryFields), subscriptionFields: left(d.subscriptionFields) };
}

/** A permission as the beginning of one of another operation: its rule, and its columns if it has any. */
export function draftFrom(from: Operation, permission: AnyPermission, op: Operation, now: Draft): Draft {
	const d = toDraft(from, permission);
	if (from === op) return d;
	const rule = from === 'insert' ? (d.check ?? {}) : d.filter;
	const columns = from === 'delete' ? now.columns : d.columns;
	return { ...d, columns, rest: now.rest, filter: rule, check: op === 'insert' ? rule : null };
}

export interface Template {
	label: string;
	rule: BoolExp;
}

const USER_COLUMN = /^((created_by|owner|author|user|account|customer|member)(_id)?)$/;
const TENANT_COLUMN = /^(tenant|organi[sz]ation|org|company|team|workspace)(_id)?$/;
const USER_TABLE = /(^|_)(users?|accounts?|authors?|customers?|members?|people|person)$/;

/** Rules most tables want: everything, own rows by a column or by the key to a table of users, the tenant's. */
export function templates(
	columns: string[],
	fks: ForeignKey[],
	table: QualifiedName,
	primaryKey: string[],
): Template[] {
	const found: Template[] = [{ label: 'every row', rule: {} }];
	const own = new Set<string>();
	for (const fk of fks) if (fk.columns.length === 1 && USER_TABLE.test(fk.target.name)) own.add(fk.columns[0] ?? '');
	for (const c of columns) if (USER_COLUMN.test(c)) own.add(c);
	if (USER_TABLE.test(table.name) && primaryKey.length === 1) own.add(primaryKey[0] ?? '');
	for (const c of own) found.push({ label: `own rows by ${c}`, rule: { [c]: { _eq: 'X-Hasura-User-Id' } } });
	for (const c of columns)
		if (TENANT_COLUMN.test(c)) {
			const name = c.replace(/_id$/, '');
			found.push({
				label: `rows of the ${name}`,
				rule: { [c]: { _eq: `X-Hasura-${name[0]?.toUpperCase()}${name.slice(1)}-Id` } },
			});
		}
	return found;
}

// ---- names in the GraphQL schema

export function graphqlNames(source: SourceMetadata, t: TableMetadata, defaultNaming: string | undefined) {
	const convention = source.customization?.naming_convention ?? defaultNaming;
	const convert = (name: string) => (convention === 'graphql-default' ? camel(name) : name);
	const base =
		t.configuration?.custom_name ?? (t.table.schema === 'public' ? t.table.name : `${t.table.schema}_${t.table.name}`);
	const custom = (t.configuration?.custom_root_fields ?? {}) as Record<string, string | { name?: string } | null>;
	const given = (key: string) => {
		const v = custom[key];
		return typeof v === 'string' ? v : (v?.name ?? undefined);
	};
	const root = source.customization?.root_fields as
		| { prefix?: string; suffix?: string; namespace?: string }
		| undefined;
	const around = (name: string) => `${root?.prefix ?? ''}${name}${root?.suffix ?? ''}`;
	return {
		namespace: root?.namespace,
		select: around(given('select') ?? convert(base)),
		insert: around(given('insert') ?? convert(`insert_${base}`)),
		update: around(given('update') ?? convert(`update_${base}`)),
		delete: around(given('delete') ?? convert(`delete_${base}`)),
		column: (c: string) =>
			t.configuration?.column_config?.[c]?.custom_name ?? t.configuration?.custom_column_names?.[c] ?? convert(c),
		convert,
	};
}

/** Columns a permission names and the table does not have (any more). */
export function lackingColumns(d: Draft, columns: { name: string }[]): string[] {
	if (d.columns === '*') return [];
	const there = new Set(columns.map((c) => c.name));
	return d.columns.filter((c) => !there.has(c));
}

/**
 * A form that is open while the metadata changes: `mine` is what it says, `begun` what it began with, `now` what the
 * metadata says. 'take': nothing was typed, the form follows. 'differs': both were changed, its user decides.
 */
export function changedElsewhere(mine: string, begun: string, now: string): 'no' | 'same' | 'take' | 'differs' {
	if (begun === now) return 'no';
	if (mine === now) return 'same';
	return mine === begun ? 'take' : 'differs';
}
