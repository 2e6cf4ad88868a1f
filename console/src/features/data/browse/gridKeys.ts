// Which key does what in the grid of rows.
import type { KeyLine } from '@/ui/pageKeys';

export type GridCommand =
	| 'edit'
	| 'open'
	| 'follow'
	| 'tick'
	| 'tickAll'
	| 'null'
	| 'delete'
	| 'menu'
	| 'sort'
	| 'moveLeft'
	| 'moveRight'
	| 'narrower'
	| 'wider'
	| 'undo'
	| 'redo'
	| 'save'
	| 'copy'
	| 'filter'
	| 'insert'
	| 'form'
	| 'reload'
	| 'clear';

export const GRID_KEYS: KeyLine[] = [
	[['Enter'], 'Edit the cell; on a heading: order by it (with Shift: besides)'],
	[['a', '…'], 'What is typed on a cell takes the place of its value'],
	[['Escape'], 'Leave the editor without a change; untick'],
	[['Alt', 'Enter'], 'Open the whole value'],
	[['Ctrl', 'Enter'], 'Follow the foreign key'],
	[['Delete'], 'Set the cell to NULL'],
	[['Space'], 'Tick the row (with Shift: from the last one)'],
	[['Ctrl', 'A'], 'Tick all rows'],
	[['Shift', 'Delete'], 'Delete the ticked rows'],
	[['Ctrl', 'Z'], 'Undo; with Shift: redo'],
	[['Ctrl', 'S'], 'Save all changes'],
	[['Ctrl', 'C'], 'Copy the cell'],
	[['Alt', 'M'], 'Menu of the row or of the heading'],
	[['Alt', 'E'], 'Edit the row in a form'],
	[['Alt', 'I'], 'Insert a row'],
	[['Alt', 'F'], 'Filter'],
	[['Alt', 'R'], 'Read the rows again'],
	[['Alt', '←', '→'], 'On a heading: move the column; with Shift: its width'],
	[['Ctrl', '↑', '↓', '←', '→'], 'To the first or last row or column'],
];

interface Pressed {
	key: string;
	/** The key's place; with Alt, `key` may be another character. */
	code: string;
	ctrlKey: boolean;
	metaKey: boolean;
	altKey: boolean;
	shiftKey: boolean;
}

const WITH_CONTROL: Record<string, GridCommand> = {
	enter: 'follow',
	a: 'tickAll',
	y: 'redo',
	s: 'save',
	c: 'copy',
};
const WITH_ALT: Record<string, GridCommand> = {
	KeyM: 'menu',
	KeyE: 'form',
	KeyI: 'insert',
	KeyF: 'filter',
	KeyR: 'reload',
};
const PLAIN: Record<string, GridCommand> = {
	Enter: 'edit',
	F2: 'edit',
	' ': 'tick',
	ContextMenu: 'menu',
	Escape: 'clear',
};
const ON_HEADING = new Set<GridCommand>(['menu', 'insert', 'filter', 'reload', 'clear']);

/** The character a key writes into a cell; `?` lists the keys, and Space ticks. */
export function typedText(e: Pressed): string | null {
	const written = e.key.length === 1 && e.key !== ' ' && e.key !== '?';
	// AltGr is Ctrl and Alt at once where keyboards have it.
	return written && !e.metaKey && e.ctrlKey === e.altKey ? e.key : null;
}

function commandWithAlt(e: Pressed, heading: boolean): GridCommand | null {
	if (e.key === 'Enter') return heading ? null : 'open';
	const found = WITH_ALT[e.code];
	if (found) return heading && !ON_HEADING.has(found) ? null : found;
	if (!heading || (e.key !== 'ArrowLeft' && e.key !== 'ArrowRight')) return null;
	if (e.shiftKey) return e.key === 'ArrowLeft' ? 'narrower' : 'wider';
	return e.key === 'ArrowLeft' ? 'moveLeft' : 'moveRight';
}

export function gridCommand(e: Pressed, heading: boolean): GridCommand | null {
	if (e.altKey && !e.ctrlKey) return commandWithAlt(e, heading);
	if (e.ctrlKey || e.metaKey) {
		const key = e.key.toLowerCase();
		if (key === 'z') return e.shiftKey ? 'redo' : 'undo';
		return WITH_CONTROL[key] ?? null;
	}
	if (e.key === 'Delete') return heading ? null : e.shiftKey ? 'delete' : 'null';
	if (e.key === 'F10' && e.shiftKey) return 'menu';
	if (heading && e.key === 'Enter') return 'sort';
	const found = PLAIN[e.key] ?? null;
	return found && heading && !ON_HEADING.has(found) ? null : found;
}
