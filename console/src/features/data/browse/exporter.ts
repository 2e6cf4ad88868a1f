// All rows of a filter, or those on the screen, as a file: read in chunks, whole values.
import { readJson } from '@/api/client';
import { type ExportKind, Writer } from './model/exportRows';
import type { Place } from './model/place';
import { type Cell, rowKey, rowsSql } from './model/read';
import { requestOf, type Target } from './useRows';

const CHUNK = 2000;

export interface ExportJob {
	target: Target;
	place: Place;
	kind: ExportKind;
	/** Null: to the last. */
	rows: number | null;
	onProgress: (rows: number) => void;
	signal: AbortSignal;
}

export async function exportRows(job: ExportJob): Promise<Blob> {
	const { target, place, kind } = job;
	const { source, info } = target;
	const base = requestOf(target, place, CHUNK);
	const writer = new Writer(kind, info.columns);
	const parts: Blob[] = [new Blob([writer.head()])];
	let after: string[] | undefined;
	let done = 0;
	while (job.rows === null || done < job.rows) {
		const limit = job.rows === null ? CHUNK : Math.min(CHUNK, job.rows - done);
		const r = { ...base, limit, offset: place.offset + done, after, whole: true };
		const rows = await readJson<(string | null)[][]>(rowsSql(r), { source, signal: job.signal });
		parts.push(new Blob([writer.rows(rows)]));
		done += rows.length;
		job.onProgress(done);
		if (rows.length < limit) break;
		const key = base.sorts.length === 0 && base.key.length > 0 ? rowKey(info, rows.at(-1) as Cell[]) : null;
		after = key ? (JSON.parse(key) as string[]) : undefined;
	}
	parts.push(new Blob([writer.tail()]));
	return new Blob(parts, { type: kind === 'json' ? 'application/json' : 'text/csv;charset=utf-8' });
}

export function saveFile(blob: Blob, name: string) {
	const link = document.createElement('a');
	link.href = URL.createObjectURL(blob);
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
