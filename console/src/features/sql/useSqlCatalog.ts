import { useQuery } from '@tanstack/react-query';
import { readJson } from '@/api/client';
import { keys } from '@/api/keys';
import type { SqlCatalog } from './model/completion';

/** One statement: 5,000 tables are some hundred milliseconds, once a minute at most, only when the page is open. */
const CATALOG = `select json_build_object(
	'tables', (select coalesce(json_agg(json_build_array(n.nspname, c.relname,
			case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end,
			(select coalesce(json_agg(a.attname order by a.attnum), '[]') from pg_attribute a
				where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)) order by n.nspname, c.relname), '[]')
		from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'v', 'm', 'f', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema$)'),
	'functions', (select coalesce(json_agg(json_build_array(n.nspname, p.proname, pg_get_function_arguments(p.oid))
			order by n.nspname, p.proname), '[]')
		from pg_proc p join pg_namespace n on n.oid = p.pronamespace
		where n.nspname !~ '^(pg_|information_schema$)' and p.prokind in ('f', 'p', 'a')
			and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)),
	'builtins', (select coalesce(json_agg(name order by name), '[]') from (select distinct p.proname as name from pg_proc p
		where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind in ('f', 'a', 'w') and p.proname !~ '^(pg_|_|binary_|RI_|ts[a-z]*_)'
			and p.prorettype <> 'internal'::regtype and not 'internal'::regtype = any (p.proargtypes)
			and not exists (select from pg_operator o where o.oprcode = p.oid)
			and not exists (select from pg_type t where p.oid in (t.typinput, t.typoutput, t.typsend, t.typreceive))) x))`;

export const useSqlCatalog = (source: string) =>
	useQuery({
		queryKey: [...keys.catalog(source), 'sql'],
		queryFn: ({ signal }) => readJson<SqlCatalog>(CATALOG, { source, signal }),
		staleTime: 60_000,
		enabled: source !== '',
	});
