// Rows as text for the clipboard and for files.

export type Cell = string | null;

export interface ResultTable {
	columns: string[];
	rows: Cell[][];
}

/** RFC 4180; NULL is nothing, the empty text is "". */
export function csv(t: ResultTable): string {
	const field = (v: Cell) =>
		v === null ? '' : v === '' || /[",\r\n]|^\s|\s$/.test(v) ? `"${v.replaceAll('"', '""')}"` : v;
	return [t.columns, ...t.rows].map((r) => `${r.map(field).join(',')}\r\n`).join('');
}

/** For spreadsheets: tabs and line ends inside become blanks. */
export function tsv(rows: Cell[][]): string {
	return rows.map((r) => r.map((v) => (v ?? '').replace(/[\t\r\n]+/g, ' ')).join('\t')).join('\n');
}

/** Objects by column; of columns with the same name the later ones get a number. */
export function jsonRows(t: ResultTable): string {
	const names: string[] = [];
	for (const c of t.columns) {
		let name = c;
		for (let i = 2; names.includes(name); i++) name = `${c}_${i}`;
		names.push(name);
	}
	return JSON.stringify(
		t.rows.map((r) => Object.fromEntries(names.map((n, i) => [n, r[i] ?? null]))),
		null,
		2,
	);
}

const SAMPLE = 200;
const MIN = 60;
const MAX = 420;

/** Widths in pixels, from the names and the first rows. */
export function columnWidths(t: ResultTable): number[] {
	const longest = t.columns.map((c) => c.length);
	for (const row of t.rows.slice(0, SAMPLE))
		row.forEach((v, i) => {
			longest[i] = Math.max(longest[i] ?? 0, Math.min(v?.length ?? 4, 80));
		});
	return longest.map((n) => Math.round(Math.min(MAX, Math.max(MIN, n * 7.3 + 22))));
}

/** All of a column's sample are numbers: it is set to the right. */
export function numericColumns(t: ResultTable): boolean[] {
	return t.columns.map((_, i) => {
		const sample = t.rows
			.slice(0, SAMPLE)
			.map((r) => r[i] ?? null)
			.filter((v) => v !== null);
		return sample.length > 0 && sample.every((v) => /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(v));
	});
}
