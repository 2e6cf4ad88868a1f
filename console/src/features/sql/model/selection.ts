// The cells chosen in a grid: a rectangle between where it began and where the focus is.

export interface Place {
	row: number;
	column: number;
}

export interface Selection {
	anchor: Place;
	focus: Place;
}

export interface Size {
	rows: number;
	columns: number;
	/** Rows of a page. */
	page: number;
}

export const START: Selection = { anchor: { row: 0, column: 0 }, focus: { row: 0, column: 0 } };

const clamp = (n: number, end: number) => Math.max(0, Math.min(n, end - 1));

interface Key {
	key: string;
	ctrl: boolean;
	shift: boolean;
}

function moved({ row, column }: Place, { key, ctrl }: Key, size: Size): Place | null {
	switch (key) {
		case 'ArrowUp':
			return { row: ctrl ? 0 : row - 1, column };
		case 'ArrowDown':
			return { row: ctrl ? size.rows - 1 : row + 1, column };
		case 'ArrowLeft':
			return { row, column: ctrl ? 0 : column - 1 };
		case 'ArrowRight':
			return { row, column: ctrl ? size.columns - 1 : column + 1 };
		case 'PageUp':
			return { row: row - size.page, column };
		case 'PageDown':
			return { row: row + size.page, column };
		case 'Home':
			return { row: ctrl ? 0 : row, column: 0 };
		case 'End':
			return { row: ctrl ? size.rows - 1 : row, column: size.columns - 1 };
		default:
			return null;
	}
}

/** Null: the key means nothing here. */
export function onKey(s: Selection, key: Key, size: Size): Selection | null {
	if (key.ctrl && key.key.toLowerCase() === 'a')
		return { anchor: { row: 0, column: 0 }, focus: { row: size.rows - 1, column: size.columns - 1 } };
	const to = moved(s.focus, key, size);
	if (!to) return null;
	const focus = { row: clamp(to.row, size.rows), column: clamp(to.column, size.columns) };
	return { anchor: key.shift ? s.anchor : focus, focus };
}

export function isChosen({ anchor, focus }: Selection, { row, column }: Place): boolean {
	return (
		row >= Math.min(anchor.row, focus.row) &&
		row <= Math.max(anchor.row, focus.row) &&
		column >= Math.min(anchor.column, focus.column) &&
		column <= Math.max(anchor.column, focus.column)
	);
}

export function chosen<T>(rows: T[][], { anchor, focus }: Selection): T[][] {
	const [from, to] = [Math.min(anchor.column, focus.column), Math.max(anchor.column, focus.column) + 1];
	return rows.slice(Math.min(anchor.row, focus.row), Math.max(anchor.row, focus.row) + 1).map((r) => r.slice(from, to));
}
