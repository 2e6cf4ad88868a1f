// What the explorer remembers in this browser; values of secret headers are never written down.
import { create } from 'zustand';
import type { HeaderRow, Profile } from './model/headers';
import { withoutSecrets } from './model/headers';
import { addToHistory, type HistoryEntry } from './model/history';

export type LeftPane = 'explorer' | 'docs' | 'history';

interface Kept {
	text: string;
	variables: string;
	rows: HeaderRow[];
	asAdmin: boolean;
	profiles: Profile[];
	history: HistoryEntry[];
	left: LeftPane;
}

interface ExplorerState extends Kept {
	operation: number;
	set: (part: Partial<Kept & { operation: number }>) => void;
	remember: (entry: HistoryEntry) => void;
	saveProfile: (name: string) => void;
	removeProfile: (name: string) => void;
}

const KEY = 'weir.explorer';

const FIRST: Kept = { text: '', variables: '', rows: [], asAdmin: true, profiles: [], history: [], left: 'explorer' };

function load(): Kept {
	try {
		const found = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Kept>;
		return { ...FIRST, ...found };
	} catch {
		return FIRST;
	}
}

export const useExplorer = create<ExplorerState>((set) => ({
	...load(),
	operation: 0,
	set: (part) => set(part),
	remember: (entry) => set((s) => ({ history: addToHistory(s.history, entry) })),
	saveProfile: (name) =>
		set((s) => ({
			profiles: [...s.profiles.filter((p) => p.name !== name), { name, rows: s.rows, asAdmin: s.asAdmin }].sort(
				(a, b) => a.name.localeCompare(b.name),
			),
		})),
	removeProfile: (name) => set((s) => ({ profiles: s.profiles.filter((p) => p.name !== name) })),
}));

let timer: ReturnType<typeof setTimeout> | undefined;

function save() {
	const { text, variables, rows, asAdmin, profiles, history, left } = useExplorer.getState();
	const kept: Kept = {
		text,
		variables,
		rows: withoutSecrets(rows),
		asAdmin,
		profiles: profiles.map((p) => ({ ...p, rows: withoutSecrets(p.rows) })),
		history,
		left,
	};
	try {
		localStorage.setItem(KEY, JSON.stringify(kept));
	} catch {
		// full or forbidden: kept for as long as the page is open
	}
}

useExplorer.subscribe(() => {
	clearTimeout(timer);
	timer = setTimeout(save, 300);
});
globalThis.addEventListener?.('pagehide', save);
