// biome-ignore-all lint/a11y: a table laid out by hand loses its roles, so each is written; keys and focus are the grid's
// Rows of a result: only the cells in sight are in the page, however many there are.
import { useVirtualizer } from '@tanstack/react-virtual';
import { Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { later } from '@/ui/later';
import { copyText } from './copyText';
import { chosen, isChosen, onKey, START } from './model/selection';
import { type Cell, columnWidths, numericColumns, type ResultTable, tsv } from './model/table';
import classes from './ResultGrid.module.css';

const HEIGHT = 28;
const SHOWN = 300;

const cellId = (row: number, column: number) => `sql-cell-${row}-${column}`;

/** What a cell shows of a long value. */
const short = (v: string) => (v.length > SHOWN ? `${v.slice(0, SHOWN)}…` : v).replaceAll('\n', '⏎');

const ValueDialog = later(() => import('./ValueDialog'));

export function ResultGrid({ table }: { table: ResultTable }) {
	const { rows, columns } = table;
	const scroller = useRef<HTMLDivElement>(null);
	const grid = useRef<HTMLTableElement>(null);
	const [selection, setSelection] = useState(START);
	const [opened, setOpened] = useState<{ title: string; value: Cell } | null>(null);
	const widths = useMemo(() => columnWidths(table), [table]);
	const numeric = useMemo(() => numericColumns(table), [table]);
	const gutter = String(rows.length).length * 8 + 24;
	const down = useVirtualizer({
		count: rows.length,
		getScrollElement: () => scroller.current,
		estimateSize: () => HEIGHT,
		overscan: 10,
	});
	const across = useVirtualizer({
		horizontal: true,
		count: columns.length,
		getScrollElement: () => scroller.current,
		estimateSize: (i) => widths[i] ?? 100,
		paddingStart: gutter,
		overscan: 3,
	});
	useEffect(() => {
		setSelection(START);
		across.measure();
		scroller.current?.scrollTo(0, 0);
	}, [across]);
	const shown = across.getVirtualItems();
	const width = across.getTotalSize();
	const { focus } = selection;

	const open = () => setOpened({ title: columns[focus.column] ?? '', value: rows[focus.row]?.[focus.column] ?? null });
	const keyDown = (e: React.KeyboardEvent) => {
		const ctrl = e.ctrlKey || e.metaKey;
		if (ctrl && e.key.toLowerCase() === 'c') {
			const cells = chosen(rows, selection);
			copyText(tsv(cells), cells.length === 1 ? 'the cell' : `${cells.length} rows`);
		} else if (e.key === 'Enter' && !ctrl) open();
		else {
			const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 300) / HEIGHT) - 2);
			const next = onKey(
				selection,
				{ key: e.key, ctrl, shift: e.shiftKey },
				{ rows: rows.length, columns: columns.length, page },
			);
			if (!next) return;
			setSelection(next);
			down.scrollToIndex(next.focus.row);
			across.scrollToIndex(next.focus.column);
		}
		e.preventDefault();
	};
	const choose = (row: number, column: number, extend: boolean) => {
		setSelection((s) => ({ anchor: extend ? s.anchor : { row, column }, focus: { row, column } }));
		grid.current?.focus({ preventScroll: true });
	};

	return (
		<>
			<div ref={scroller} className={classes.scroller}>
				<table
					ref={grid}
					className={classes.grid}
					role="grid"
					tabIndex={0}
					aria-label="Result"
					aria-rowcount={rows.length + 1}
					aria-colcount={columns.length + 1}
					aria-multiselectable="true"
					aria-activedescendant={rows.length > 0 ? cellId(focus.row, focus.column) : undefined}
					onKeyDown={keyDown}
					style={{ width }}
				>
					<thead role="rowgroup" className={classes.head}>
						<tr role="row" aria-rowindex={1}>
							<th role="columnheader" aria-colindex={1} className={classes.number} style={{ width: gutter }}>
								<span hidden>Row</span>
							</th>
							{shown.map((c) => (
								<th
									key={c.key}
									role="columnheader"
									scope="col"
									aria-colindex={c.index + 2}
									className={`${classes.title} ${numeric[c.index] ? classes.right : ''}`}
									style={{ left: c.start, width: c.size }}
									title={columns[c.index]}
								>
									{columns[c.index]}
								</th>
							))}
						</tr>
					</thead>
					<tbody role="rowgroup" className={classes.body} style={{ height: down.getTotalSize() }}>
						{down.getVirtualItems().map((r) => (
							<tr
								key={r.key}
								role="row"
								aria-rowindex={r.index + 2}
								className={classes.row}
								style={{ top: r.start, width }}
							>
								<th role="rowheader" scope="row" aria-colindex={1} className={classes.number} style={{ width: gutter }}>
									{r.index + 1}
								</th>
								{shown.map((c) => (
									<GridCell
										key={c.key}
										row={r.index}
										column={c.index}
										value={rows[r.index]?.[c.index] ?? null}
										numeric={numeric[c.index] ?? false}
										chosen={isChosen(selection, { row: r.index, column: c.index })}
										active={focus.row === r.index && focus.column === c.index}
										left={c.start}
										width={c.size}
										onChoose={choose}
										onOpen={open}
									/>
								))}
							</tr>
						))}
					</tbody>
				</table>
			</div>
			{opened && (
				<Suspense fallback={null}>
					<ValueDialog title={opened.title} value={opened.value} onClose={() => setOpened(null)} />
				</Suspense>
			)}
		</>
	);
}

function GridCell(props: {
	row: number;
	column: number;
	value: Cell;
	numeric: boolean;
	chosen: boolean;
	active: boolean;
	left: number;
	width: number;
	onChoose: (row: number, column: number, extend: boolean) => void;
	onOpen: () => void;
}) {
	const { row, column, value } = props;
	const look = [
		classes.cell,
		props.numeric && classes.right,
		value === null && classes.null,
		props.chosen && classes.chosen,
		props.active && classes.active,
	];
	return (
		<td
			role="gridcell"
			id={cellId(row, column)}
			aria-colindex={column + 2}
			aria-selected={props.chosen}
			className={look.filter(Boolean).join(' ')}
			style={{ left: props.left, width: props.width }}
			onClick={(e) => props.onChoose(row, column, e.shiftKey)}
			onDoubleClick={props.onOpen}
		>
			{value === null ? 'NULL' : short(value)}
		</td>
	);
}
