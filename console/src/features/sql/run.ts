// Running a script: the server, the metadata that follows, the project's files in CLI mode.
import type { QueryClient } from '@tanstack/react-query';
import { cli, type MetadataOp, readJson, request } from '@/api/client';
import { ApiError } from '@/api/errors';
import { afterChange, applyChange, exportFiles } from '@/api/hooks';
import { useSession } from '@/api/session';
import { literal } from '@/model/sqlText';
import type { Created } from './model/describe';
import { markText, placeOf, requestOf } from './model/request';
import { type Statement, splitStatements } from './model/statements';
import type { Cell, ResultTable } from './model/table';

export interface RunRequest {
	text: string;
	source: string;
	readOnly: boolean;
	cascade: boolean;
	timeout: number;
	rows: number;
	/** Tracked when it has run. */
	track: Created[];
	/** CLI mode: written as a migration of this name. */
	migration: { name: string; down: string } | null;
	mark: string;
}

export interface Outcome {
	/** Null: a command without rows. */
	table: ResultTable | null;
	/** There are more rows than were asked for. */
	more: boolean;
	ms: number;
	statements: number;
	/** "Tracked author." */
	notes: string[];
	/** It ran, and this did not. */
	trouble: unknown;
	/** Folder of the migration. */
	migration?: string;
}

/** A refused statement, with its place in the text that was run. */
export class SqlError extends Error {
	override name = 'SqlError';
	constructor(
		override readonly cause: ApiError,
		readonly at: number | null,
	) {
		super(cause.message);
	}
}

interface SqlAnswer {
	result_type: string;
	result: Cell[][] | null;
}

const positionOf = (e: ApiError): number | undefined => {
	const found = (e.internal as { error?: { position?: unknown } } | undefined)?.error?.position;
	return typeof found === 'number' ? found : undefined;
};

export function trackOps(source: string, created: Created[]): MetadataOp[] {
	return created.map(({ schema, name, kind }) =>
		kind === 'function'
			? { type: 'pg_track_function', args: { source, function: { schema, name } } }
			: { type: 'pg_track_table', args: { source, table: { schema, name } } },
	);
}

async function runDirect(r: RunRequest, statements: Statement[], signal: AbortSignal): Promise<Outcome> {
	const sent = requestOf(r.text, statements, r);
	const args: Record<string, unknown> = { source: r.source, sql: sent.sql, cascade: r.cascade, exact: true };
	if (r.readOnly) args.read_only = true;
	const begun = performance.now();
	let answer: SqlAnswer;
	try {
		answer = await request<SqlAnswer>('POST', 'v2/query', { type: 'run_sql', args }, { signal });
	} catch (e) {
		if (!(e instanceof ApiError)) throw e;
		const position = positionOf(e);
		throw new SqlError(e, position === undefined ? null : placeOf(sent, position));
	}
	const [columns, ...rows] = answer.result ?? [];
	const more = sent.fetched > 0 && rows.length === sent.fetched;
	if (more) rows.pop();
	return {
		table: columns && answer.result_type === 'TuplesOk' ? { columns: columns.map((c) => c ?? ''), rows } : null,
		more,
		ms: performance.now() - begun,
		statements: statements.length,
		notes: [],
		trouble: null,
	};
}

const namesOf = (created: Created[]) =>
	created.map((c) => (c.schema === 'public' ? c.name : `${c.schema}.${c.name}`)).join(', ');

/** What ran stays, whatever comes now: trouble is told beside the result. */
async function follow(r: RunRequest, outcome: Outcome, writes: boolean): Promise<void> {
	try {
		if (r.track.length > 0) {
			await applyChange({ ops: trackOps(r.source, r.track), source: r.source, bulk: 'bulk' });
			outcome.notes.push(`Tracked ${namesOf(r.track)}.`);
		} else if (writes && useSession.getState().config?.mode === 'cli') await exportFiles();
	} catch (e) {
		outcome.trouble = e;
	}
}

async function runMigration(r: RunRequest, name: string, down: string, statements: Statement[]): Promise<Outcome> {
	const text = r.text.trim();
	const args = { source: r.source, sql: text, cascade: r.cascade };
	const begun = performance.now();
	try {
		const made = (await cli.migrate({
			name,
			up: [{ type: 'run_sql', args }, ...trackOps(r.source, r.track)],
			down: down.trim() === '' ? [] : [{ type: 'run_sql', args: { source: r.source, sql: down.trim() } }],
			datasource: r.source,
		})) as { name?: string };
		const notes = [`Written as migration ${made.name ?? name}.`];
		if (r.track.length > 0) notes.push(`Tracked ${namesOf(r.track)}.`);
		return {
			table: null,
			more: false,
			ms: performance.now() - begun,
			statements: statements.length,
			notes,
			trouble: null,
			migration: made.name,
		};
	} catch (e) {
		if (!(e instanceof ApiError)) throw e;
		const position = positionOf(e);
		const skipped = r.text.length - r.text.trimStart().length;
		const at = position === undefined ? null : placeOf({ sql: text, before: 0, from: skipped, fetched: 0 }, position);
		throw new SqlError(e, at);
	}
}

export async function run(client: QueryClient, r: RunRequest, signal: AbortSignal): Promise<Outcome> {
	const statements = splitStatements(r.text);
	const outcome = r.migration
		? await runMigration(r, r.migration.name, r.migration.down, statements)
		: await runDirect(r, statements, signal);
	if (r.readOnly) return outcome;
	if (!r.migration) await follow(r, outcome, true);
	// Any text may have changed the schema, by a function it called.
	await afterChange(client, true);
	return outcome;
}

/** Ends what runs with this mark; false: it was not found (any more). */
export async function cancel(source: string, mark: string): Promise<boolean> {
	const pattern = literal(`${markText(mark)}%`);
	const found = await readJson<boolean | null>(
		`select to_json(bool_or(pg_cancel_backend(pid))) from pg_stat_activity
		where pid <> pg_backend_pid() and query like ${pattern}`,
		{ source },
	);
	return found === true;
}

/** The plan, as lines. analyze: it is run, read-only. */
export async function explain(text: string, source: string, analyze: boolean, timeout: number): Promise<string[]> {
	const head = `SET LOCAL statement_timeout=${Math.round(timeout * 1000)};EXPLAIN ${analyze ? '(ANALYZE, BUFFERS) ' : ''}`;
	try {
		const args = { source, sql: head + text, read_only: true, exact: true };
		const answer = await request<SqlAnswer>('POST', 'v2/query', { type: 'run_sql', args });
		return (answer.result ?? []).slice(1).map((r) => r[0] ?? '');
	} catch (e) {
		if (!(e instanceof ApiError)) throw e;
		const position = positionOf(e);
		throw new SqlError(
			e,
			position === undefined ? null : placeOf({ sql: head + text, before: head.length, from: 0, fetched: 0 }, position),
		);
	}
}
