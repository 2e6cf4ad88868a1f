// The text as it is sent: with a mark to find it by, a time limit and a limit of rows; and back from it to the editor.
import { isCursorable } from './describe';
import type { Statement } from './statements';

export interface Sent {
	sql: string;
	/** Characters before the user's own text. */
	before: number;
	/** Where the user's text that was sent begins in what the user ran. */
	from: number;
	/** Rows asked for, one more than shown; 0: all. */
	fetched: number;
}

export interface SendOptions {
	/** Seconds; 0: no limit. */
	timeout: number;
	/** 0: all. */
	rows: number;
	/** Of letters and digits: found in pg_stat_activity by whoever wants to stop it. */
	mark: string;
}

export const markText = (mark: string) => `/*weir-console ${mark}*/`;

export function requestOf(text: string, statements: Statement[], o: SendOptions): Sent {
	const settings = o.timeout > 0 ? `SET LOCAL statement_timeout=${Math.round(o.timeout * 1000)};` : '';
	const head = `${markText(o.mark)}${settings}`;
	const only = statements[0];
	if (o.rows > 0 && only && isCursorable(statements)) {
		const open = `${head}SET LOCAL cursor_tuple_fraction=1;DECLARE weir_console NO SCROLL CURSOR FOR `;
		const fetched = o.rows + 1;
		const sql = `${open}${only.text}\n;FETCH FORWARD ${fetched} FROM weir_console`;
		return { sql, before: open.length, from: only.from, fetched };
	}
	return { sql: head + text, before: head.length, from: 0, fetched: 0 };
}

/** PostgreSQL counts characters from 1, JavaScript UTF-16 units from 0. Null: it lies in what was put around the text. */
export function placeOf(sent: Sent, position: number): number | null {
	let units = 0;
	for (let i = 1; i < position && units < sent.sql.length; i++)
		units += (sent.sql.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
	const at = units - sent.before;
	return at < 0 ? null : at + sent.from;
}

/** The word at the place: what is underlined. */
export function wordAt(text: string, at: number): { from: number; to: number } {
	const from = Math.min(at, Math.max(text.length - 1, 0));
	const found = /^("[^"]*"|[\p{L}\p{N}_$]+|.)/u.exec(text.slice(from))?.[0].length ?? 1;
	return { from, to: Math.min(from + found, text.length) };
}
