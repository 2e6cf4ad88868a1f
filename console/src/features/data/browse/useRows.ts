// The rows of the page's table, page after page; how many there are; by what the rows of other tables are known.
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { readJson, runSql } from '@/api/client';
import { keys } from '@/api/keys';
import { readTextColumns, type TableInfo } from '@/model/catalog';
import { type QualifiedName, tableKey } from '@/model/metadata';
import { isSortable } from './model/kinds';
import type { Place } from './model/place';
import {
	type Cell,
	countSql,
	estimateSql,
	type LabelColumn,
	labelOf,
	planRows,
	type ReadRequest,
	type Row,
	readRows,
	rowKey,
	rowsSql,
} from './model/read';

interface Start {
	offset: number;
	after?: string[];
}

export interface Target {
	source: string;
	table: QualifiedName;
	info: TableInfo;
}

/** What the reader is known by in each table foreign keys lead to: undefined until it is known. */
export function useLabels({ source, table, info }: Target): LabelColumn[] | undefined {
	const single = useMemo(() => info.foreignKeys.filter((k) => k.columns.length === 1), [info]);
	const columns = useQuery({
		queryKey: [...keys.table(source, table), 'labels'],
		queryFn: ({ signal }) =>
			readTextColumns(source, [...new Map(single.map((k) => [tableKey(k.target), k.target])).values()], signal),
		staleTime: 60_000,
		enabled: single.length > 0,
	});
	return useMemo(() => {
		if (single.length > 0 && columns.isPending) return undefined;
		return single.flatMap((k) => {
			const label = labelOf(columns.data?.get(tableKey(k.target)) ?? []);
			const [column, targetColumn] = [k.columns[0], k.targetColumns[0]];
			if (!label || !column || !targetColumn || label === targetColumn) return [];
			return [{ column, target: k.target, targetColumn, label }];
		});
	}, [single, columns.data, columns.isPending]);
}

export function requestOf({ table, info }: Target, place: Place, limit: number, labels?: LabelColumn[]): ReadRequest {
	const sortable = new Set(info.columns.filter(isSortable).map((c) => c.name));
	return {
		table,
		columns: info.columns,
		filters: place.filters,
		sorts: place.sorts.filter((s) => sortable.has(s.column)),
		key: (info.keys[0] ?? []).filter((k) => sortable.has(k)),
		labels,
		limit,
		offset: place.offset,
	};
}

/** Pages by the key where nothing else orders them. */
function nextStart(r: ReadRequest, info: TableInfo, start: Start, page: Row[]): Start | undefined {
	if (page.length < r.limit) return undefined;
	const last = page.at(-1);
	const key = last && r.sorts.length === 0 && r.key.length > 0 ? rowKey(info, last.cells) : null;
	return { offset: start.offset + page.length, after: key ? (JSON.parse(key) as string[]) : undefined };
}

export function useRows(target: Target, place: Place, limit: number, labels: LabelColumn[] | undefined) {
	const { source, table, info } = target;
	const query = useInfiniteQuery({
		queryKey: [...keys.rows(source, table), 'pages', place.filters, place.sorts, place.offset, limit, info, labels],
		queryFn: async ({ pageParam, signal }) => {
			const r = { ...requestOf(target, place, limit, labels), ...pageParam };
			const answer = await readJson<(string | null)[][]>(rowsSql(r), { source, signal });
			return readRows(r, answer, (cells: Cell[]) => rowKey(info, cells));
		},
		initialPageParam: { offset: place.offset } as Start,
		getNextPageParam: (page, _pages, start) => nextStart(requestOf(target, place, limit), info, start, page),
		enabled: labels !== undefined,
		placeholderData: keepPreviousData,
		staleTime: Number.POSITIVE_INFINITY,
		gcTime: 60_000,
	});
	const rows = useMemo(() => {
		const seen = new Set<string>();
		return (query.data?.pages ?? []).flat().filter((r) => !seen.has(r.id) && seen.add(r.id));
	}, [query.data]);
	return { query, rows };
}

export interface Count {
	rows: number;
	exact: boolean;
}

/** Estimates cost nothing; the exact number is asked for by a click, and given up after a while. */
export function useCount(target: Target, place: Place, seconds: number | null) {
	const { source, table, info } = target;
	const r = requestOf(target, { ...place, sorts: [] }, 0);
	const whole = place.filters.length === 0;
	const estimate = useQuery({
		queryKey: [...keys.rows(source, table), 'estimate', place.filters],
		queryFn: async ({ signal }) => {
			if (whole && info.estimate !== null && info.kind !== 'view') return info.estimate;
			const answer = await runSql(estimateSql(r), { source, readOnly: true, signal });
			return planRows(
				(answer.result ?? [])
					.slice(1)
					.map((l) => l[0] ?? '')
					.join('\n'),
			);
		},
		retry: false,
		staleTime: 60_000,
	});
	const exact = useQuery({
		queryKey: [...keys.rows(source, table), 'count', place.filters, seconds],
		queryFn: async ({ signal }) => {
			const answer = await runSql(countSql(r, seconds ?? 1), { source, readOnly: true, signal });
			return Number(answer.result?.[1]?.[0]);
		},
		enabled: seconds !== null,
		retry: false,
		staleTime: 60_000,
	});
	return { estimate: estimate.data ?? null, exact };
}
