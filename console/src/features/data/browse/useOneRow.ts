import { useQuery } from '@tanstack/react-query';
import { readJson } from '@/api/client';
import { keys } from '@/api/keys';
import { rowsSql } from './model/read';
import type { Target } from './useRows';

/** The row a key of the address names, with whole values; null: there is none. */
export function useOneRow({ source, table, info }: Target, key: [string, string][]) {
	return useQuery({
		queryKey: [...keys.rows(source, table), 'one', key],
		queryFn: async ({ signal }) => {
			const filters = key.map(([column, value]) => ({ column, op: '$eq', value }));
			const r = { table, columns: info.columns, filters, sorts: [], key: [], limit: 1, offset: 0, whole: true };
			const rows = await readJson<(string | null)[][]>(rowsSql(r), { source, signal });
			return rows[0] ?? null;
		},
		enabled: key.length > 0,
		gcTime: 0,
		staleTime: Number.POSITIVE_INFINITY,
	});
}
