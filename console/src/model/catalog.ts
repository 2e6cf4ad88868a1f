// What the database holds, read from pg_catalog by one statement a list (information_schema is far slower).
import { readJson } from '@/api/client';
import { type QualifiedName, tableKey } from './metadata';
import { literal } from './sqlText';

export type RelationKind = 'table' | 'view' | 'materialized view' | 'foreign table' | 'partitioned table';

export interface Relation extends QualifiedName {
	kind: RelationKind;
	/** Rows by the planner's statistics; null: never analysed. */
	estimate: number | null;
	comment: string | null;
}

export interface ForeignKey {
	table: QualifiedName;
	constraint: string;
	columns: string[];
	target: QualifiedName;
	targetColumns: string[];
	/** The columns are unique: one row on this side. */
	unique: boolean;
}

export interface CatalogFunction extends QualifiedName {
	args: string;
	returns: string;
	volatility: 'volatile' | 'stable' | 'immutable';
	/** Why it cannot be tracked; null: it can. */
	obstacle: string | null;
}

export interface Column {
	name: string;
	/** As PostgreSQL prints it: "character varying(20)". */
	type: string;
	/** Base type: "varchar", "int4", "_text". */
	base: string;
	nullable: boolean;
	defaultText: string | null;
	/** The database makes its value: generated or identity always. */
	generated: boolean;
	comment: string | null;
	enumValues: string[] | null;
	/** pg_type.typcategory, of a domain that of its base: "N" numbers, "S" strings, "A" arrays. */
	category: string;
	/** Name of the type below a domain; else as `base`. */
	storage: string;
	/** The value comes from a sequence when none is given. */
	identity: boolean;
	/** Of views: can be written through. */
	updatable: boolean;
	/** Not part of the API, for its name. */
	outside?: boolean;
}

export interface TableInfo {
	kind: RelationKind;
	estimate: number | null;
	columns: Column[];
	primaryKey: string[];
	/** The primary key, then other columns that name a row: unique and never NULL. */
	keys: string[][];
	can: { insert: boolean; update: boolean; delete: boolean };
	foreignKeys: ForeignKey[];
}

const OWN = `n.nspname not in ('pg_catalog', 'information_schema', 'hdb_catalog', 'hdb_views', 'pg_toast')
	and n.nspname not like 'pg\\_temp\\_%' and n.nspname not like 'pg\\_toast\\_temp\\_%'`;
const NOT_OF_EXTENSION = (oid: string, catalog: string) =>
	`not exists (select from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = ${oid} and d.deptype = 'e')`;
const KINDS: Record<string, RelationKind> = {
	r: 'table',
	v: 'view',
	m: 'materialized view',
	f: 'foreign table',
	p: 'partitioned table',
};

export async function readRelations(source: string, signal?: AbortSignal): Promise<Relation[]> {
	const rows = await readJson<[string, string, string, number, string | null][]>(
		`select coalesce(json_agg(json_build_array(n.nspname, c.relname, c.relkind, c.reltuples::bigint,
			obj_description(c.oid, 'pg_class')) order by n.nspname, c.relname), '[]')
		from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'v', 'm', 'f', 'p') and not c.relispartition and ${OWN}
			and ${NOT_OF_EXTENSION('c.oid', 'pg_class')}`,
		{ source, signal },
	);
	return rows.map(([schema, name, kind, estimate, comment]) => ({
		schema,
		name,
		kind: KINDS[kind] ?? 'table',
		estimate: estimate < 0 ? null : estimate,
		comment,
	}));
}

export async function readSchemas(source: string, signal?: AbortSignal): Promise<string[]> {
	return readJson<string[]>(
		`select coalesce(json_agg(n.nspname order by n.nspname <> 'public', n.nspname), '[]') from pg_namespace n
		where ${OWN} and ${NOT_OF_EXTENSION('n.oid', 'pg_namespace')}`,
		{ source, signal },
	);
}

type FkRow = [string, string, string, string[], string, string, string[], boolean];

const FK_COLUMNS = `json_build_array(n.nspname, c.relname, k.conname,
	(select json_agg(a.attname order by x.i) from unnest(k.conkey) with ordinality x(num, i)
		join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.num),
	fn.nspname, fc.relname,
	(select json_agg(a.attname order by x.i) from unnest(k.confkey) with ordinality x(num, i)
		join pg_attribute a on a.attrelid = k.confrelid and a.attnum = x.num),
	exists (select from pg_index i where i.indrelid = k.conrelid and i.indisunique and i.indpred is null
		and i.indnkeyatts = cardinality(k.conkey) and i.indkey::int2[] @> k.conkey))`;
const FK_FROM = `pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
	join pg_class fc on fc.oid = k.confrelid join pg_namespace fn on fn.oid = fc.relnamespace`;

const fkOf = ([schema, name, constraint, columns, toSchema, toName, targetColumns, unique]: FkRow): ForeignKey => ({
	table: { schema, name },
	constraint,
	columns,
	target: { schema: toSchema, name: toName },
	targetColumns,
	unique,
});

export async function readForeignKeys(source: string, signal?: AbortSignal): Promise<ForeignKey[]> {
	const rows = await readJson<FkRow[]>(
		`select coalesce(json_agg(${FK_COLUMNS} order by n.nspname, c.relname, k.conname), '[]') from ${FK_FROM}
		where k.contype = 'f' and k.conparentid = 0 and ${OWN}`,
		{ source, signal },
	);
	return rows.map(fkOf);
}

export async function readFunctions(source: string, signal?: AbortSignal): Promise<CatalogFunction[]> {
	return readJson<CatalogFunction[]>(
		`select coalesce(json_agg(json_build_object('schema', n.nspname, 'name', p.proname,
			'args', pg_get_function_arguments(p.oid), 'returns', pg_get_function_result(p.oid),
			'volatility', case p.provolatile when 'v' then 'volatile' when 's' then 'stable' else 'immutable' end,
			'obstacle', case
				when (select count(*) from pg_proc o where o.pronamespace = p.pronamespace and o.proname = p.proname) > 1
					then 'several functions have this name'
				when p.provariadic <> 0 then 'it takes any number of arguments'
				when t.typrelid = 0 then 'it returns no rows of a table'
				when not exists (select from pg_class r where r.oid = t.typrelid and r.relkind in ('r', 'v', 'm', 'f', 'p'))
					then 'it returns rows of a type that is no table'
			end) order by n.nspname, p.proname), '[]')
		from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_type t on t.oid = p.prorettype
		where p.prokind = 'f' and p.prorettype <> 'trigger'::regtype and p.prorettype <> 'event_trigger'::regtype and ${OWN}
			and ${NOT_OF_EXTENSION('p.oid', 'pg_proc')}`,
		{ source, signal },
	);
}

type ColumnRow = [
	string,
	string,
	string,
	boolean,
	string | null,
	boolean,
	string | null,
	string[] | null,
	string,
	string,
	boolean,
	boolean,
];

/** Bits of pg_relation_is_updatable. */
const CAN = { update: 4, insert: 8, delete: 16 };

interface TableRow {
	kind: string;
	estimate: number;
	columns: ColumnRow[] | null;
	pk: string[] | null;
	keys: string[][] | null;
	can: number;
	fks: FkRow[] | null;
}

export async function readTable(source: string, t: QualifiedName, signal?: AbortSignal): Promise<TableInfo | null> {
	const row = await readJson<TableRow | null>(
		`select json_build_object('kind', r.relkind, 'estimate', r.reltuples::bigint,
			'columns', (select json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), ty.typname, not a.attnotnull,
				pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> '' or a.attidentity = 'a', col_description(r.oid, a.attnum),
				(select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = a.atttypid),
				ty.typcategory, coalesce(bt.typname, ty.typname), a.attidentity <> '',
				pg_column_is_updatable(r.oid, a.attnum, true)) order by a.attnum)
				from pg_attribute a join pg_type ty on ty.oid = a.atttypid left join pg_type bt on bt.oid = nullif(ty.typbasetype, 0)
				left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
				where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped),
			'pk', (select json_agg(a.attname order by x.i) from pg_constraint k, unnest(k.conkey) with ordinality x(num, i),
				pg_attribute a where k.conrelid = r.oid and k.contype = 'p' and a.attrelid = r.oid and a.attnum = x.num),
			'keys', (select json_agg((select json_agg(a.attname order by x.i) from unnest(i.indkey::int2[]) with ordinality x(num, i)
				join pg_attribute a on a.attrelid = r.oid and a.attnum = x.num where x.i <= i.indnkeyatts)
				order by i.indisprimary desc, i.indnkeyatts, i.indexrelid) from pg_index i
				where i.indrelid = r.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
					and not exists (select from unnest(i.indkey::int2[]) u(num) join pg_attribute a
						on a.attrelid = r.oid and a.attnum = u.num where not a.attnotnull)),
			'can', pg_relation_is_updatable(r.oid, true),
			'fks', (select json_agg(${FK_COLUMNS} order by k.conname) from ${FK_FROM} where k.contype = 'f' and k.conrelid = r.oid))
		from pg_class r join pg_namespace rn on rn.oid = r.relnamespace
		where rn.nspname = ${literal(t.schema)} and r.relname = ${literal(t.name)}`,
		{ source, signal },
	);
	if (!row) return null;
	return {
		kind: KINDS[row.kind] ?? 'table',
		estimate: row.estimate < 0 ? null : row.estimate,
		columns: (row.columns ?? []).map(columnOf),
		primaryKey: row.pk ?? [],
		keys: row.keys ?? [],
		can: {
			insert: (row.can & CAN.insert) !== 0,
			update: (row.can & CAN.update) !== 0,
			delete: (row.can & CAN.delete) !== 0,
		},
		foreignKeys: (row.fks ?? []).map(fkOf),
	};
}

export interface TextColumn {
	name: string;
	category: string;
	unique: boolean;
}

/** Columns of text of these tables, by which their rows may be known to people. */
export async function readTextColumns(
	source: string,
	tables: QualifiedName[],
	signal?: AbortSignal,
): Promise<Map<string, TextColumn[]>> {
	if (tables.length === 0) return new Map();
	const wanted = tables.map((t) => `(${literal(t.schema)}, ${literal(t.name)})`).join(', ');
	const rows = await readJson<[string, string, [string, boolean][]][]>(
		`select coalesce(json_agg(json_build_array(n.nspname, c.relname, (select coalesce(json_agg(json_build_array(a.attname,
				exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and i.indnkeyatts = 1
					and i.indpred is null and i.indkey[0] = a.attnum)) order by a.attnum), '[]')
			from pg_attribute a join pg_type ty on ty.oid = a.atttypid
			where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and ty.typcategory = 'S'))), '[]')
		from pg_class c join pg_namespace n on n.oid = c.relnamespace where (n.nspname, c.relname) in (${wanted})`,
		{ source, signal },
	);
	return new Map(
		rows.map(([schema, name, columns]) => [
			tableKey({ schema, name }),
			columns.map(([column, unique]) => ({ name: column, category: 'S', unique })),
		]),
	);
}

function columnOf(row: ColumnRow): Column {
	const [name, type, base, nullable, defaultText, generated, comment, enumValues, category, storage] = row;
	return {
		name,
		type,
		base,
		nullable,
		defaultText,
		generated,
		comment,
		enumValues,
		category,
		storage,
		identity: row[10],
		updatable: row[11],
	};
}

// ---- tables that belong to a framework, folded away until somebody wants them

const FRAMEWORKS: { name: string; sign: string; members: RegExp }[] = [
	{
		name: 'Django',
		sign: 'django_migrations',
		members:
			/^(django_(migrations|content_type|session|admin_log|site)|auth_(group|permission|group_permissions|user_groups|user_user_permissions))$/,
	},
	{
		name: 'Rails',
		sign: 'ar_internal_metadata',
		members: /^(ar_internal_metadata|schema_migrations|active_storage_.*)$/,
	},
	{ name: 'Alembic', sign: 'alembic_version', members: /^alembic_version$/ },
	{ name: 'Prisma', sign: '_prisma_migrations', members: /^_prisma_migrations$/ },
	{ name: 'Flyway', sign: 'flyway_schema_history', members: /^flyway_schema_history$/ },
];

/** The framework a table belongs to, by the tables beside it. `auth_user` is the application's own: people query it. */
export function frameworkOf(names: ReadonlySet<string>): (name: string) => string | null {
	const there = FRAMEWORKS.filter((f) => names.has(f.sign));
	return (name) => there.find((f) => f.members.test(name))?.name ?? null;
}
