// Inconsistent objects: what they are, why, and what can be done.
import type { MetadataOp } from '@/api/client';
import { isObject } from '@/model/exactJson';
import type { InconsistentObject, Metadata } from '@/model/metadata';

export interface Fix {
	label: string;
	ops: MetadataOp[];
	/** Asked for before. */
	loses?: string;
}

export interface Finding {
	/** "Select permission of role user on author". */
	what: string;
	advice: string;
	/** A page of the console. */
	href?: string;
	fixes: Fix[];
}

interface Place {
	source?: string;
	schema?: string;
	table?: string;
	name?: string;
	role?: string;
}

const text = (v: unknown) => (typeof v === 'string' ? v : undefined);

/** Where it lies: by the definition, and by the name for what the definition leaves out. */
export function placeOf(o: InconsistentObject): Place {
	const d = isObject(o.definition) ? o.definition : {};
	const table = isObject(d.table)
		? d.table
		: isObject(d.function)
			? d.function
			: isObject(d.definition)
				? d.definition
				: d;
	return {
		source: text(d.source) ?? text(d.source_name) ?? /in source "?([^"\s]+)"?/.exec(o.name ?? '')?.[1],
		schema: text(table.schema) ?? 'public',
		table: text(table.name) ?? text(d.table),
		name: text(d.name) ?? text(isObject(d.definition) ? d.definition.name : undefined),
		role: text(d.role),
	};
}

const TYPES: Record<string, string> = {
	source: 'Database',
	table: 'Table',
	function: 'Function',
	function_permission: 'Permission of a function',
	object_relation: 'Object relationship',
	array_relation: 'Array relationship',
	remote_relationship: 'Remote relationship',
	computed_field: 'Computed field',
	select_permission: 'Select permission',
	insert_permission: 'Insert permission',
	update_permission: 'Update permission',
	delete_permission: 'Delete permission',
	event_trigger: 'Event trigger',
	cron_trigger: 'Cron trigger',
	remote_schema: 'Remote schema',
	inherited_role: 'Inherited role',
	action: 'Action',
	custom_types: 'Custom types',
	native_query: 'Native query',
	logical_model: 'Logical model',
	query_collections: 'Query collection',
	endpoint: 'REST endpoint',
	metadata: 'Metadata',
};

const PERMISSION = /^(select|insert|update|delete)_permission$/;
const RELATION = /^(object|array)_relation$/;

function whatOf(o: InconsistentObject, p: Place): string {
	const type = TYPES[o.type] ?? o.type.replaceAll('_', ' ');
	const table = p.table ? (p.schema === 'public' ? p.table : `${p.schema}.${p.table}`) : undefined;
	if (PERMISSION.test(o.type)) return `${type} of role ${p.role ?? '?'} on ${table ?? '?'}`;
	if (
		RELATION.test(o.type) ||
		o.type === 'computed_field' ||
		o.type === 'remote_relationship' ||
		o.type === 'event_trigger'
	)
		return `${type} ${p.name ?? ''} of ${table ?? '?'}`;
	const named = o.type === 'source' ? (text(o.definition) ?? p.name) : (table ?? p.name);
	return named ? `${type} ${named}` : (o.name ?? type);
}

function adviceOf(o: InconsistentObject, servedNever: boolean): string {
	const why = o.reason.toLowerCase();
	if (servedNever)
		return 'Weir does not serve it: it is kept in the metadata, and left out of the API. Drop it, or leave it for a server that does.';
	if (o.type === 'source')
		return 'The database cannot be reached or read. Look at its address, its password and whether it runs; then reload it. Everything in it is back with it.';
	if (/no such (table|view)|does not exist|doesn't exist|not exist in/.test(why) && o.type === 'table')
		return 'It was dropped or renamed in the database. Bring it back and reload, or untrack it.';
	if (/no such function|does not exist/.test(why) && o.type === 'function')
		return 'The function was dropped or renamed in the database. Bring it back and reload, or untrack it.';
	if (/_relation$/.test(o.type) && /^.*table "[^"]*" (does not|doesn't) exist/.test(why))
		return 'The table it leads to is not tracked, or gone. Track it and reload, or drop the relationship.';
	if (
		/has no field named|no such column/.test(why) ||
		(o.type.endsWith('_permission') && /"[^"]*" does not exist/.test(why))
	)
		return 'It names a column or field that is gone. Correct it on its page, or drop it; if the column is new in the database, reload.';
	if (/column|field/.test(why) && /not (exist|found)|does ?n.t exist|does not exist/.test(why))
		return 'It names a column or field that is gone. Correct it on its page, or drop it; if the column is new in the database, reload.';
	if (/no foreign constraint|foreign key/.test(why))
		return 'The foreign key it follows is gone. Bring the key back and reload, or make the relationship by hand.';
	if (/conflict|already|duplicate|more than one|multiple/.test(why))
		return 'Two objects want the same name in the API. Give one of them another name (custom name or root fields), or drop one.';
	if (/parent role|inherited/.test(why))
		return 'The roles it is made of disagree or are missing. Give the role a permission of its own, or change its set of roles.';
	return 'Correct what the reason names and reload, or drop the object.';
}

const NOT_SERVED = /not (yet )?(served|supported)|does not serve/i;

function dropOps(o: InconsistentObject, p: Place, source: string): Fix[] {
	const table = { schema: p.schema ?? 'public', name: p.table ?? '' };
	if (o.type === 'source') return [];
	if (o.type === 'table' && p.table)
		return [
			{
				label: 'Untrack',
				ops: [{ type: 'pg_untrack_table', args: { source, table, cascade: true } }],
				loses: 'its relationships and permissions',
			},
		];
	if (o.type === 'function' && p.table)
		return [{ label: 'Untrack', ops: [{ type: 'pg_untrack_function', args: { source, function: table } }] }];
	const permission = PERMISSION.exec(o.type)?.[1];
	if (permission && p.table && p.role)
		return [
			{
				label: 'Drop',
				ops: [{ type: `pg_drop_${permission}_permission`, args: { source, table, role: p.role } }],
				loses: 'the permission',
			},
		];
	if (RELATION.test(o.type) && p.table && p.name)
		return [
			{
				label: 'Drop',
				ops: [{ type: 'pg_drop_relationship', args: { source, table, relationship: p.name, cascade: true } }],
				loses: 'the relationship, and permissions that use it',
			},
		];
	if (o.type === 'computed_field' && p.table && p.name)
		return [
			{
				label: 'Drop',
				ops: [{ type: 'pg_drop_computed_field', args: { source, table, name: p.name, cascade: true } }],
				loses: 'the field, and permissions that name it',
			},
		];
	if (o.type === 'inherited_role') {
		const name = text(isObject(o.definition) ? o.definition.role_name : undefined);
		return name
			? [{ label: 'Drop', ops: [{ type: 'drop_inherited_role', args: { role_name: name } }], loses: 'the role' }]
			: [];
	}
	return [];
}

const RELOADED =
	/^(source|table|function|object_relation|array_relation|computed_field|select_permission|insert_permission|update_permission|delete_permission)$/;

export function findingOf(o: InconsistentObject, metadata: Metadata | undefined): Finding {
	const p = placeOf(o);
	const named = o.type === 'source' ? (text(o.definition) ?? p.source ?? p.name) : p.source;
	const source = named ?? metadata?.sources[0]?.name ?? 'default';
	const servedNever = NOT_SERVED.test(o.reason);
	const fixes = dropOps(o, p, source);
	if (RELOADED.test(o.type) && !servedNever)
		fixes.unshift({
			label: `Reload ${source}`,
			ops: [{ type: 'reload_metadata', args: { reload_sources: [source] } }],
		});
	const e = encodeURIComponent;
	const at = p.table ? `/data/${e(source)}/schema/${e(p.schema ?? 'public')}/tables/${e(p.table)}` : undefined;
	const found: Finding = { what: whatOf(o, p), advice: adviceOf(o, servedNever), fixes };
	if (o.type === 'source') found.href = '/data/manage';
	else if (at && PERMISSION.test(o.type)) found.href = `${at}/permissions`;
	else if (at && RELATION.test(o.type)) found.href = `${at}/relationships`;
	else if (o.type === 'function' || o.type === 'table')
		found.href = `/data/${e(source)}/schema/${e(p.schema ?? 'public')}`;
	else if (o.type === 'inherited_role') found.href = '/settings/inherited-roles';
	return found;
}
