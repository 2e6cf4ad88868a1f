// What the SQL page remembers in this browser, and what it shows of the last run.
import { create } from 'zustand';
import { addToHistory, type HistoryEntry } from './model/history';

interface Kept {
	text: string;
	source: string | null;
	readOnly: boolean;
	cascade: boolean;
	track: boolean;
	timeout: number;
	rows: number;
	history: HistoryEntry[];
	showHistory: boolean;
}

interface SqlState extends Kept {
	set: (part: Partial<Kept>) => void;
	remember: (entry: HistoryEntry) => void;
}

const KEY = 'weir.sql';

// Read-only comes back with every new tab: what was switched off is not forgotten to be switched on.
const FIRST: Kept = {
	text: '',
	source: null,
	readOnly: true,
	cascade: false,
	track: true,
	timeout: 30,
	rows: 10_000,
	history: [],
	showHistory: false,
};

function load(): Kept {
	try {
		const found = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Kept>;
		return { ...FIRST, ...found, readOnly: true, cascade: false };
	} catch {
		return FIRST;
	}
}

export const useSql = create<SqlState>((set) => ({
	...load(),
	set: (part) => set(part),
	remember: (entry) => set((s) => ({ history: addToHistory(s.history, entry) })),
}));

let timer: ReturnType<typeof setTimeout> | undefined;

function save() {
	const { text, source, track, timeout, rows, history, showHistory } = useSql.getState();
	try {
		localStorage.setItem(KEY, JSON.stringify({ text, source, track, timeout, rows, history, showHistory }));
	} catch {
		// full or forbidden: kept for as long as the page is open
	}
}

useSql.subscribe(() => {
	clearTimeout(timer);
	timer = setTimeout(save, 300);
});
globalThis.addEventListener?.('pagehide', save);
