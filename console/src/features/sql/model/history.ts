export interface HistoryEntry {
	sql: string;
	source: string;
	at: number;
	ms?: number;
	rows?: number;
	error?: string;
	readOnly: boolean;
}

export const KEPT = 100;
const LONGEST = 20_000;

/** Newest first; the same statement on the same source once. Texts too long to keep in a browser are left out. */
export function addToHistory(list: HistoryEntry[], entry: HistoryEntry): HistoryEntry[] {
	if (entry.sql.trim() === '' || entry.sql.length > LONGEST) return list;
	return [entry, ...list.filter((e) => e.sql !== entry.sql || e.source !== entry.source)].slice(0, KEPT);
}

export function findInHistory(list: HistoryEntry[], words: string): HistoryEntry[] {
	const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
	return list.filter((e) => wanted.every((w) => e.sql.toLowerCase().includes(w)));
}
