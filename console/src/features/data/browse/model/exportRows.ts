// CSV and JSON of rows.
import type { Column } from '@/model/catalog';
import { isNumeric, kindOf } from './kinds';

export type ExportKind = 'csv' | 'csv-exact' | 'json';

/**
 * RFC 4180; as PostgreSQL's COPY has it, NULL is nothing and the empty text is "". `guard`: text that a spreadsheet would
 * run as a formula (it begins with = + - @, a tab or a carriage return) gets an apostrophe before it. Numbers never do.
 */
export function csvField(text: string | null, c: Column, guard: boolean): string {
	if (text === null) return '';
	const safe = guard && !isNumeric(kindOf(c)) && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
	return safe === '' || /[",\r\n]/.test(safe) || /^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvHead(columns: Column[], guard: boolean): string {
	const name = (c: Column) => csvField(c.name, { ...c, storage: 'text', category: 'S' }, guard);
	return `${columns.map(name).join(',')}\r\n`;
}

export function csvLine(columns: Column[], row: (string | null)[], guard: boolean): string {
	return `${columns.map((c, i) => csvField(row[i] ?? null, c, guard)).join(',')}\r\n`;
}

/** Numbers keep all their digits; NaN and the infinities, which JSON has no numbers for, are texts. */
export function jsonValue(text: string | null, c: Column): string {
	if (text === null) return 'null';
	const kind = kindOf(c);
	if (isNumeric(kind)) return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? text : JSON.stringify(text);
	if (kind === 'bool') return text === 'true' ? 'true' : 'false';
	return kind === 'json' || kind === 'geo' ? text : JSON.stringify(text);
}

export function jsonRow(columns: Column[], row: (string | null)[]): string {
	return `{${columns.map((c, i) => `${JSON.stringify(c.name)}: ${jsonValue(row[i] ?? null, c)}`).join(', ')}}`;
}

export class Writer {
	private started = false;
	constructor(
		private readonly kind: ExportKind,
		private readonly columns: Column[],
	) {}

	head(): string {
		return this.kind === 'json' ? '[' : csvHead(this.columns, this.kind === 'csv');
	}

	rows(rows: (string | null)[][]): string {
		if (this.kind !== 'json') return rows.map((r) => csvLine(this.columns, r, this.kind === 'csv')).join('');
		const text = rows.map((r) => `\n${jsonRow(this.columns, r)}`).join(',');
		const before = this.started && rows.length ? ',' : '';
		this.started ||= rows.length > 0;
		return before + text;
	}

	tail(): string {
		return this.kind === 'json' ? '\n]\n' : '';
	}
}
