import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, databaseMessage } from '@/api/errors';
import { notifyError, notifyWarning } from '@/ui/notify';
import { cancel, explain, type Outcome, type RunRequest, run, SqlError } from './run';
import { useSql } from './store';

export type Shown =
	| { kind: 'nothing' }
	| { kind: 'running'; since: number }
	| { kind: 'done'; outcome: Outcome }
	| { kind: 'plan'; lines: string[] }
	| { kind: 'failed'; error: unknown };

/** With PostgreSQL's words in front: “query execution failed” says nothing. */
function plain(error: unknown): Error {
	const e = error instanceof SqlError ? error.cause : error;
	if (!(e instanceof ApiError)) return e instanceof Error ? e : new Error(String(e));
	return new ApiError(databaseMessage(e) ?? e.message, e.status, e.code, undefined, e.internal);
}

/** offset: where the text that was run begins in the editor. */
export function useRunner(onPlace: (at: number | null, message: string) => void) {
	const client = useQueryClient();
	const [shown, setShown] = useState<Shown>({ kind: 'nothing' });
	const going = useRef<{ mark: string; source: string; abort: AbortController } | null>(null);

	const failed = useCallback(
		(error: unknown, offset: number) => {
			const at = error instanceof SqlError && error.at !== null ? error.at + offset : null;
			const told = plain(error);
			setShown({ kind: 'failed', error: told });
			onPlace(at, told.message);
		},
		[onPlace],
	);

	const start = useCallback(
		async (asked: Omit<RunRequest, 'mark'>, offset: number) => {
			const mark = crypto.getRandomValues(new Uint32Array(3)).join('');
			const mine = { mark, source: asked.source, abort: new AbortController() };
			const entry = { sql: asked.text, source: asked.source, at: Date.now(), readOnly: asked.readOnly };
			going.current = mine;
			onPlace(null, '');
			setShown({ kind: 'running', since: performance.now() });
			try {
				const outcome = await run(client, { ...asked, mark }, mine.abort.signal);
				useSql.getState().remember({ ...entry, ms: outcome.ms, rows: outcome.table?.rows.length });
				setShown({ kind: 'done', outcome });
			} catch (e) {
				if (e instanceof DOMException && e.name === 'AbortError') return;
				useSql.getState().remember({ ...entry, error: plain(e).message });
				failed(e, offset);
			} finally {
				if (going.current === mine) going.current = null;
			}
		},
		[client, failed, onPlace],
	);

	const plan = useCallback(
		async (text: string, source: string, analyze: boolean, timeout: number, offset: number) => {
			onPlace(null, '');
			setShown({ kind: 'running', since: performance.now() });
			try {
				setShown({ kind: 'plan', lines: await explain(text, source, analyze, timeout) });
			} catch (e) {
				failed(e, offset);
			}
		},
		[failed, onPlace],
	);

	/** In the database: the answer is then an error that says so. */
	const stop = useCallback(async () => {
		const mine = going.current;
		if (!mine) return;
		try {
			if (!(await cancel(mine.source, mine.mark)))
				notifyWarning('It was not found in the database: it has just ended, or has not begun.');
		} catch (e) {
			notifyError(e, 'It was not stopped');
		}
	}, []);

	useEffect(() => () => going.current?.abort.abort(), []);
	return { shown, start, plan, stop };
}
