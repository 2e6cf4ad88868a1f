// “See as role”: the permission as it would be, tried by the server without being saved, and a sample of rows.
import { readJson, request } from '@/api/client';
import type { TableInfo } from './catalog';
import type { Operation, SourceMetadata, TableMetadata } from './metadata';
import { type Draft, graphqlNames, toPermission } from './permissions';
import { ident, literal, qualifiedSql } from './sqlText';

interface Clause {
	sql: string;
	values: { session?: string; value: string | null }[];
}

interface ExplainedField {
	field: string;
	allowed: boolean;
	reason?: string;
	column?: string;
	filter?: Clause | null;
	check?: Clause | null;
	rows?: { seen?: number; hidden?: number; not_counted?: string };
}

export interface Preview {
	seen: number | null;
	hidden: number | null;
	notCounted: string | null;
	/** Why the root field is refused. */
	refused: string | null;
	filter: Clause | null;
	check: Clause | null;
	columns: { name: string; allowed: boolean }[];
	rows: { seen: boolean; cells: (string | null)[] }[];
}

const SAMPLE = 50;

/** The clause with its values written out. Quoted parts are left alone. */
export function inlineClause(c: Clause): string {
	return c.sql.replace(/"(?:[^"]|"")*"|'(?:[^']|'')*'|\$(\d+)/g, (whole, n: string | undefined) =>
		n === undefined ? whole : literal(c.values[Number(n) - 1]?.value ?? null),
	);
}

function queryOf(op: Operation, names: ReturnType<typeof graphqlNames>, info: TableInfo, draft: Draft): string {
	const columns = info.columns.map((c) => names.column(c.name)).join(' ');
	const inside = {
		select: `${names.select} { __typename ${columns} }`,
		insert: `${names.insert}(objects: []) { __typename }`,
		// With presets alone there is nothing the caller can set.
		update: `${names.update}(where: {}${draft.columns.length ? ', _set: {}' : ''}) { __typename }`,
		delete: `${names.delete}(where: {}) { __typename }`,
	}[op];
	const body = names.namespace ? `${names.namespace} { ${inside} }` : inside;
	return op === 'select' ? `{ ${body} }` : `mutation { ${body} }`;
}

async function sample(
	source: string,
	t: TableMetadata,
	info: TableInfo,
	filter: Clause | null,
): Promise<Preview['rows']> {
	const cells = info.columns.map((c) => `left(t1.${ident(c.name)}::text, 200)`).join(', ');
	const seen = filter ? `coalesce((${inlineClause(filter)}), false)` : 'true';
	const order = info.primaryKey.length ? ` order by ${info.primaryKey.map((c) => `t1.${ident(c)}`).join(', ')}` : '';
	const rows = await readJson<[boolean, (string | null)[]][]>(
		`select coalesce(json_agg(json_build_array(x.seen, x.cells)), '[]') from
		((select ${seen} as seen, array[${cells}]::text[] as cells from ${qualifiedSql(t.table)} t1 where ${seen}${order} limit ${SAMPLE / 2})
		union all
		(select ${seen}, array[${cells}]::text[] from ${qualifiedSql(t.table)} t1 where not ${seen}${order} limit ${SAMPLE / 2})) x`,
		{ source },
	);
	return rows.map(([s, c]) => ({ seen: s, cells: c }));
}

export async function seeAsRole(
	source: SourceMetadata,
	t: TableMetadata,
	info: TableInfo,
	op: Operation,
	role: string,
	draft: Draft,
	session: Record<string, string>,
	defaultNaming: string | undefined,
): Promise<Preview> {
	const names = graphqlNames(source, t, defaultNaming);
	const answer = await request<{ fields: ExplainedField[] }>('POST', 'v1/weir/permissions/explain', {
		query: { query: queryOf(op, names, info, draft) },
		user: {
			...session,
			'x-hasura-role': role,
			...(draft.backendOnly && op !== 'select' ? { 'x-hasura-use-backend-only-permissions': 'true' } : {}),
		},
		permission: { source: source.name, table: t.table, role, type: op, permission: toPermission(op, draft) },
	});
	const root = answer.fields.find((f) => f.field.endsWith(names[op]) && f.column === undefined) ?? answer.fields[0];
	const below = new Map(answer.fields.map((f) => [f.field, f]));
	const at = root?.field ?? names[op];
	const writes = op === 'insert' || op === 'update';
	const granted = (c: string) => draft.columns === '*' || draft.columns.includes(c);
	const columns = info.columns.map((c) => ({
		name: c.name,
		allowed:
			op === 'delete' || (writes ? granted(c.name) : (below.get(`${at}.${names.column(c.name)}`)?.allowed ?? false)),
	}));
	const counted = root?.rows;
	const filter = root?.filter ?? null;
	const rows =
		op !== 'insert' && root?.allowed && counted?.not_counted === undefined
			? await sample(source.name, t, info, filter)
			: [];
	return {
		seen: counted?.seen ?? null,
		hidden: counted?.hidden ?? null,
		notCounted: counted?.not_counted ?? null,
		refused: root && !root.allowed ? (root.reason ?? 'refused') : null,
		filter,
		check: root?.check ?? null,
		columns,
		rows,
	};
}
