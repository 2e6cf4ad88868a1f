// The metadata document (version 3) as far as the console edits it; unknown keys are kept untouched by the server.

export interface QualifiedName {
	schema: string;
	name: string;
}

export type BoolExp = { [key: string]: unknown };

export interface SelectPermission {
	columns: string[] | '*';
	computed_fields?: string[];
	filter: BoolExp;
	limit?: number | null;
	allow_aggregations?: boolean;
	query_root_fields?: string[] | null;
	subscription_root_fields?: string[] | null;
}

export interface InsertPermission {
	check: BoolExp;
	columns?: string[] | '*';
	set?: Record<string, unknown>;
	backend_only?: boolean;
	validate_input?: unknown;
}

export interface UpdatePermission {
	columns: string[] | '*';
	filter: BoolExp;
	check?: BoolExp | null;
	set?: Record<string, unknown>;
	backend_only?: boolean;
	validate_input?: unknown;
}

export interface DeletePermission {
	filter: BoolExp;
	backend_only?: boolean;
	validate_input?: unknown;
}

export interface PermissionEntry<P> {
	role: string;
	permission: P;
	comment?: string;
}

export type Operation = 'insert' | 'select' | 'update' | 'delete';

export interface PermissionOf {
	insert: InsertPermission;
	select: SelectPermission;
	update: UpdatePermission;
	delete: DeletePermission;
}

export interface ForeignKeyUsing {
	/** Object: column(s) of this table. Array: the other table and its column(s). */
	foreign_key_constraint_on?:
		| string
		| string[]
		| { table: QualifiedName | string; column?: string; columns?: string[] };
	manual_configuration?: {
		remote_table: QualifiedName | string;
		column_mapping: Record<string, string>;
		insertion_order?: string | null;
	};
}

export interface Relationship {
	name: string;
	using: ForeignKeyUsing;
	comment?: string;
}

export interface RemoteRelationship {
	name: string;
	definition: Record<string, unknown>;
}

export interface TableConfiguration {
	custom_name?: string;
	comment?: string;
	custom_root_fields?: Record<string, unknown>;
	column_config?: Record<string, { custom_name?: string; comment?: string }>;
	custom_column_names?: Record<string, string>;
}

export interface TableMetadata {
	table: QualifiedName;
	is_enum?: boolean;
	configuration?: TableConfiguration;
	object_relationships?: Relationship[];
	array_relationships?: Relationship[];
	remote_relationships?: RemoteRelationship[];
	computed_fields?: { name: string; definition: Record<string, unknown>; comment?: string }[];
	insert_permissions?: PermissionEntry<InsertPermission>[];
	select_permissions?: PermissionEntry<SelectPermission>[];
	update_permissions?: PermissionEntry<UpdatePermission>[];
	delete_permissions?: PermissionEntry<DeletePermission>[];
	event_triggers?: { name: string }[];
}

export interface FunctionMetadata {
	function: QualifiedName;
	configuration?: Record<string, unknown>;
	permissions?: { role: string }[];
}

export interface SourceMetadata {
	name: string;
	kind: string;
	tables: TableMetadata[];
	functions?: FunctionMetadata[];
	configuration: { connection_info?: Record<string, unknown>; [key: string]: unknown };
	customization?: { naming_convention?: string; [key: string]: unknown };
}

export interface Metadata {
	version: number;
	sources: SourceMetadata[];
	inherited_roles?: { role_name: string; role_set: string[] }[];
	[key: string]: unknown;
}

export interface EngineMetadata {
	resource_version: number;
	metadata: Metadata;
}

export interface InconsistentObject {
	type: string;
	reason: string;
	name?: string;
	definition?: unknown;
	message?: unknown;
	/** Of a permission that an inherited role cannot have: its parts differ. */
	entity?: { permission_type: string; source: string; table: string };
}

export interface Inconsistencies {
	is_consistent: boolean;
	inconsistent_objects: InconsistentObject[];
}

export function qualified(t: QualifiedName | string): QualifiedName {
	return typeof t === 'string' ? { schema: 'public', name: t } : { schema: t.schema ?? 'public', name: t.name };
}

/** Key of maps and lists; unlike a printed name it cannot be ambiguous. */
export function tableKey(t: QualifiedName): string {
	return JSON.stringify([t.schema, t.name]);
}

/** As people write it: without `public`. */
export function tableLabel(t: QualifiedName): string {
	return t.schema === 'public' ? t.name : `${t.schema}.${t.name}`;
}

/** Every role the metadata names, sorted; without `admin`. */
export function rolesOf(metadata: Metadata): string[] {
	const found = new Set<string>();
	for (const source of metadata.sources) {
		for (const t of source.tables)
			for (const list of [t.insert_permissions, t.select_permissions, t.update_permissions, t.delete_permissions])
				for (const entry of list ?? []) found.add(entry.role);
		for (const f of source.functions ?? []) for (const p of f.permissions ?? []) found.add(p.role);
	}
	for (const r of metadata.inherited_roles ?? []) found.add(r.role_name);
	found.delete('admin');
	return [...found].sort();
}

export function permissionsOf<O extends Operation>(t: TableMetadata, op: O): PermissionEntry<PermissionOf[O]>[] {
	return (t[`${op}_permissions`] ?? []) as PermissionEntry<PermissionOf[O]>[];
}
