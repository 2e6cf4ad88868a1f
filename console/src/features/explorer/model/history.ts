// What was run: the newest first, the same request once.

export interface HistoryEntry {
	query: string;
	variables: string;
	operationName?: string;
	role: string;
	at: number;
	ms?: number;
	failed?: boolean;
}

export const HISTORY_LIMIT = 100;

export function addToHistory(list: HistoryEntry[], entry: HistoryEntry): HistoryEntry[] {
	const rest = list.filter(
		(e) =>
			e.query !== entry.query ||
			e.variables !== entry.variables ||
			e.role !== entry.role ||
			e.operationName !== entry.operationName,
	);
	return [entry, ...rest].slice(0, HISTORY_LIMIT);
}

export function historyTitle(e: HistoryEntry): string {
	const line = e.query
		.replace(/#.*$/gm, '')
		.replace(/\s+/g, ' ')
		.replace(/\s*([{}()])\s*/g, ' $1 ')
		.trim();
	return line.length > 90 ? `${line.slice(0, 89)}…` : line;
}
