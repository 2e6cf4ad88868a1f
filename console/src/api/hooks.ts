// The hooks screens use: metadata, server facts, and `useApply` for every change.
import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { EngineMetadata, Inconsistencies, SourceMetadata, TableMetadata } from '@/model/metadata';
import { cli, exportMetadata, fetchServerFacts, type MetadataOp, metadata, request } from './client';
import { ApiError, asApiError } from './errors';
import { keys } from './keys';
import { useSession } from './session';

export function useMetadata() {
	return useQuery({ queryKey: keys.metadata, queryFn: ({ signal }) => exportMetadata({ signal }), staleTime: 30_000 });
}

export function useInconsistencies() {
	return useQuery({
		queryKey: keys.inconsistencies,
		queryFn: ({ signal }) => metadata<Inconsistencies>('get_inconsistent_metadata', {}, { signal }),
		staleTime: 30_000,
		// What is done elsewhere, a migration for example, makes objects inconsistent: whoever comes back sees it.
		refetchOnWindowFocus: true,
	});
}

export function useServerFacts() {
	return useQuery({
		queryKey: keys.facts,
		queryFn: ({ signal }) => fetchServerFacts({ signal }),
		staleTime: Number.POSITIVE_INFINITY,
	});
}

export function useSource(name: string): SourceMetadata | undefined {
	return useMetadata().data?.metadata.sources.find((s) => s.name === name);
}

export function useTable(source: string, schema: string, name: string): TableMetadata | undefined {
	return useSource(source)?.tables.find((t) => t.table.schema === schema && t.table.name === name);
}

/** What the server changed besides the metadata. */
export interface Change {
	ops: MetadataOp[];
	/** CLI mode with migrations: name of the migration and the way back, for changes that hold `run_sql`. */
	name?: string;
	down?: MetadataOp[];
	source?: string;
	/** `bulk_atomic`: all or nothing; `bulk_keep_going`: what can be done. Default: `bulk`, which rolls back as a whole. */
	bulk?: 'bulk' | 'bulk_atomic' | 'bulk_keep_going';
	/** Refused with `conflict` if the metadata has another version by now. */
	resourceVersion?: number;
}

export const isSqlOp = (op: MetadataOp) => op.type === 'run_sql' || op.type === 'pg_run_sql';

/** Sends a change the way the mode wants it. The answer of a `bulk` is the list of answers; in CLI mode it is the CLI's. */
export async function applyChange(change: Change): Promise<unknown> {
	const { config } = useSession.getState();
	const { ops } = change;
	const sql = ops.some(isSqlOp);
	if (config?.mode === 'cli') {
		if (sql && config.migrationMode)
			return cli.migrate({
				name: change.name ?? 'console_change',
				up: ops,
				down: change.down ?? [],
				datasource: change.source ?? 'default',
			});
		if (sql || change.resourceVersion === undefined) return cli.metadata(ops);
		// The CLI's own call knows no version: the server is asked directly, and the files follow.
		const answer = await sendChange(change, sql);
		await exportFiles();
		return answer;
	}
	return sendChange(change, sql);
}

/** CLI mode: the project's files follow what was sent to the server itself. */
export async function exportFiles(): Promise<void> {
	try {
		await cli.export();
	} catch (e) {
		const why = asApiError(e);
		throw new ApiError(
			`The change was made, and the project's files do not have it: ${why.message}`,
			why.status,
			why.code,
		);
	}
}

function sendChange(change: Change, sql: boolean): Promise<unknown> {
	const { ops } = change;
	const body: Record<string, unknown> =
		ops.length === 1 && !change.bulk ? { ...ops[0] } : { type: change.bulk ?? 'bulk', args: ops };
	if (change.resourceVersion !== undefined && !sql) body.resource_version = change.resourceVersion;
	return request('POST', sql ? 'v2/query' : 'v1/metadata', body);
}

/** Reads everything again that a change of the metadata may have touched. */
export function afterChange(client: QueryClient, schemaChanged = false): Promise<unknown> {
	const jobs = [
		client.invalidateQueries({ queryKey: keys.metadata }),
		client.invalidateQueries({ queryKey: keys.inconsistencies }),
		client.invalidateQueries({ queryKey: ['introspection'] }),
	];
	if (schemaChanged) jobs.push(client.invalidateQueries({ queryKey: ['catalog'] }));
	return Promise.all(jobs);
}

/** Mutation for a Change; the metadata is read again before it counts as done. */
export function useApply() {
	const client = useQueryClient();
	return useMutation({
		mutationFn: applyChange,
		onSuccess: (_answer, change) => afterChange(client, change.ops.some(isSqlOp)),
		onError: (error) => {
			// What is refused as known, unknown or of another version was changed elsewhere.
			if (error instanceof ApiError && /^(conflict|already-|not-)/.test(error.code))
				client.invalidateQueries({ queryKey: keys.metadata });
		},
	});
}

export function currentMetadata(client: QueryClient): EngineMetadata | undefined {
	return client.getQueryData<EngineMetadata>(keys.metadata);
}
