// Changes of cells that are not saved yet, with undo and redo. Every state is a value of its own.
import { type Cell, isCut } from './read';
import { type Change, sameChange } from './write';

export interface StagedRow {
	/** As it was read when the first of its cells was changed. */
	cells: Cell[];
	changes: ReadonlyMap<string, Change>;
}

/** By Row.id. */
export type Staged = ReadonlyMap<string, StagedRow>;

export interface History {
	now: Staged;
	past: Staged[];
	future: Staged[];
}

export const EMPTY: History = { now: new Map(), past: [], future: [] };
const STEPS = 500;

/** The cell has that already. */
function isAsRead(cell: Cell | undefined, change: Change): boolean {
	if (isCut(cell) || cell === undefined || change.to === 'default') return false;
	return change.to === 'null' ? cell === null : change.text === cell;
}

function withCell(now: Staged, id: string, cells: Cell[], at: number, column: string, change: Change): Staged {
	const row = now.get(id) ?? { cells, changes: new Map() };
	const changes = new Map(row.changes);
	if (isAsRead(row.cells[at], change)) changes.delete(column);
	else changes.set(column, change);
	const next = new Map(now);
	if (changes.size) next.set(id, { cells: row.cells, changes });
	else next.delete(id);
	return next;
}

/** `at`: index of the column in cells. */
export function stage(h: History, id: string, cells: Cell[], at: number, column: string, change: Change): History {
	const before = h.now.get(id)?.changes.get(column);
	if (before ? sameChange(before, change) : isAsRead(cells[at], change)) return h;
	return { now: withCell(h.now, id, cells, at, column, change), past: [...h.past, h.now].slice(-STEPS), future: [] };
}

export function unstageRow(h: History, id: string): History {
	if (!h.now.has(id)) return h;
	const next = new Map(h.now);
	next.delete(id);
	return { now: next, past: [...h.past, h.now].slice(-STEPS), future: [] };
}

export function undo(h: History): History {
	const last = h.past.at(-1);
	return last ? { now: last, past: h.past.slice(0, -1), future: [h.now, ...h.future] } : h;
}

export function redo(h: History): History {
	const next = h.future[0];
	return next ? { now: next, past: [...h.past, h.now], future: h.future.slice(1) } : h;
}

export const discard = (h: History): History =>
	h.now.size ? { now: new Map(), past: [...h.past, h.now].slice(-STEPS), future: [] } : h;

export const countCells = (s: Staged) => [...s.values()].reduce((n, r) => n + r.changes.size, 0);
