// Staged changes of a table's cells: made, undone, saved as one transaction. Errors belong to rows.
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { request } from '@/api/client';
import { type ApiError, asApiError, databaseMessage } from '@/api/errors';
import { keys } from '@/api/keys';
import { notifyDone } from '@/ui/notify';
import { plural } from '@/ui/plural';
import type { Row } from './model/read';
import { countCells, discard, EMPTY, type History, redo, stage, undo, unstageRow } from './model/staged';
import { atomic, type Change, deleteOp, failedIndex, updateOp } from './model/write';
import type { Target } from './useRows';

export function rowMessage(e: ApiError): string {
	if (e.code === 'conflict' && /expected \d+ row/.test(e.message))
		return 'Somebody has changed or deleted this row since it was read, or a trigger keeps it as it is. Nothing was saved: reload, and do it again.';
	const database = databaseMessage(e);
	return database && !e.message.includes(database) ? `${e.message}: ${database}` : e.message;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** What is not saved when the page is left for another one of the console: it is there again on the way back. */
const kept = new Map<string, History>();

export function useEdits(target: Target) {
	const { source, table, info } = target;
	const client = useQueryClient();
	const name = JSON.stringify([source, table]);
	const [history, setHistory] = useState<History>(() => kept.get(name) ?? EMPTY);
	const [errors, setErrors] = useState<ReadonlyMap<string, string>>(NONE);
	const [failure, setFailure] = useState<string | null>(null);
	const [busy, setBusy] = useState(false);

	const forget = useCallback(() => {
		setErrors(NONE);
		setFailure(null);
	}, []);

	useEffect(() => {
		if (history.now.size) kept.set(name, history);
		else kept.delete(name);
	}, [name, history]);

	const unsaved = history.now.size > 0;
	useEffect(() => {
		if (!unsaved) return;
		const ask = (e: BeforeUnloadEvent) => e.preventDefault();
		window.addEventListener('beforeunload', ask);
		return () => window.removeEventListener('beforeunload', ask);
	}, [unsaved]);

	/** Sends all or nothing; `ids` name the rows of the operations. */
	const send = async (ops: string[], ids: string[]): Promise<boolean> => {
		setBusy(true);
		forget();
		try {
			await request('POST', 'v2/query', atomic(ops));
			await client.invalidateQueries({ queryKey: keys.rows(source, table) });
			return true;
		} catch (thrown) {
			const e = asApiError(thrown);
			const index = failedIndex(e.path);
			const id = index === null ? undefined : ids[index];
			if (id !== undefined) setErrors(new Map([[id, rowMessage(e)]]));
			setFailure(rowMessage(e));
			return false;
		} finally {
			setBusy(false);
		}
	};

	return {
		history,
		staged: history.now,
		errors,
		failure,
		busy,
		forget,
		set: (row: Row, at: number, change: Change) => {
			const column = info.columns[at]?.name;
			if (column === undefined) return;
			setErrors((all) => (all.has(row.id) ? new Map([...all].filter(([id]) => id !== row.id)) : all));
			setHistory((h) => stage(h, row.id, row.cells, at, column, change));
		},
		undo: () => setHistory(undo),
		redo: () => setHistory(redo),
		discard: () => {
			forget();
			setHistory(discard);
		},
		discardRow: (id: string) => setHistory((h) => unstageRow(h, id)),
		save: async () => {
			const all = [...history.now];
			if (all.length === 0 || busy) return;
			const ops = all.map(([, r]) => updateOp(source, table, info, r.cells, r.changes));
			const ok = await send(
				ops,
				all.map(([id]) => id),
			);
			if (!ok) return;
			const cells = countCells(history.now);
			notifyDone(`${plural(cells, 'change')} in ${plural(all.length, 'row')} ${cells === 1 ? 'was' : 'were'} saved.`);
			setHistory(EMPTY);
		},
		remove: async (rows: Row[]): Promise<boolean> => {
			const ok = await send(
				rows.map((r) => deleteOp(source, table, info, r.cells)),
				rows.map((r) => r.id),
			);
			if (!ok) return false;
			notifyDone(rows.length === 1 ? 'The row was deleted.' : `${rows.length} rows were deleted.`);
			setHistory((h) => rows.reduce((at, r) => unstageRow(at, r.id), h));
			return true;
		},
	};
}

export type Edits = ReturnType<typeof useEdits>;
