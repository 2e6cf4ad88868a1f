// Lines around the grid: what is staged, and the active cell.

import { Button, Text } from '@mantine/core';
import type { Column } from '@/model/catalog';
import { IconRedo, IconUndo } from '@/ui/icons';
import { plural } from '@/ui/plural';
import classes from './browse.module.css';
import { changeText, sizeOf, Value } from './CellView';
import { type Cell, cellText, isCut } from './model/read';
import { countCells } from './model/staged';
import type { Change } from './model/write';
import type { Edits } from './useEdits';

export function StagedBar({ edits }: { edits: Edits }) {
	const { history, staged, failure } = edits;
	const cells = countCells(staged);
	if (cells === 0 && !failure && history.past.length + history.future.length === 0) return null;
	const ways = [
		{ label: 'Undo', icon: <IconUndo size={12} />, none: history.past.length === 0, run: edits.undo },
		{ label: 'Redo', icon: <IconRedo size={12} />, none: history.future.length === 0, run: edits.redo },
		{ label: 'Discard', icon: undefined, none: cells === 0, run: edits.discard },
	];
	return (
		<section className={classes.staged} data-failed={failure !== null} aria-label="Changes that are not saved">
			{(cells > 0 || !failure) && (
				<Text size="sm" span fw={500} role="status">
					{cells === 0 ? 'No changes' : `${plural(cells, 'change')} in ${plural(staged.size, 'row')}`}
				</Text>
			)}
			{failure && (
				<Text size="sm" span className={`${classes.problem} ${classes.why}`} role="alert">
					Not saved, nothing was changed: {failure}
				</Text>
			)}
			<span className={classes.spring} />
			{failure && cells === 0 && (
				<Button size="compact-sm" variant="default" onClick={edits.forget}>
					Dismiss
				</Button>
			)}
			{ways.map((w) => (
				<Button
					key={w.label}
					size="compact-sm"
					variant="default"
					disabled={w.none}
					onClick={w.run}
					leftSection={w.icon}
				>
					{w.label}
				</Button>
			))}
			<Button size="compact-sm" disabled={cells === 0} loading={edits.busy} onClick={edits.save} title="Ctrl+S">
				Save
			</Button>
		</section>
	);
}

export function CellBar(props: {
	column: Column | null;
	cell: Cell | undefined;
	change: Change | undefined;
	writable: boolean;
	problem: string | null;
	onEdit: () => void;
	onOpen: () => void;
	onChange: (change: Change) => void;
}) {
	const { column, cell, change, writable } = props;
	if (!column) return <div className={classes.cellBar} />;
	const keepFocus = (e: React.MouseEvent) => e.preventDefault();
	return (
		<section className={classes.cellBar} aria-label="The active cell">
			<Text size="xs" span fw={600}>
				{column.name}
			</Text>
			<Text size="xs" c="dimmed" span>
				{column.type}
				{column.nullable ? '' : ', not NULL'}
			</Text>
			{props.problem ? (
				<span className={`${classes.cellText} ${classes.problem}`} role="alert">
					{props.problem}
				</span>
			) : (
				<span className={classes.cellText}>{change ? changeText(change) : <Value text={cellText(cell)} />}</span>
			)}
			{isCut(cell) && (
				<Text size="xs" c="dimmed" span>
					{sizeOf(cell.length)}
				</Text>
			)}
			<Button size="compact-xs" variant="default" onClick={props.onOpen} onMouseDown={keepFocus} title="Alt+Enter">
				Open
			</Button>
			{writable && (
				<>
					<Button size="compact-xs" variant="default" onClick={props.onEdit} onMouseDown={keepFocus} title="Enter">
						Edit
					</Button>
					<Button
						size="compact-xs"
						variant="default"
						disabled={!column.nullable}
						onMouseDown={keepFocus}
						onClick={() => props.onChange({ to: 'null' })}
						title="Delete"
					>
						NULL
					</Button>
					<Button
						size="compact-xs"
						variant="default"
						disabled={!column.defaultText && !column.identity}
						onMouseDown={keepFocus}
						onClick={() => props.onChange({ to: 'default' })}
						title={column.defaultText ?? undefined}
					>
						Default
					</Button>
				</>
			)}
		</section>
	);
}
