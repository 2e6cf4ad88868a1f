// biome-ignore-all lint/a11y/useSemanticElements: rows that are placed by pixels cannot be those of a table element
// A grid of any number of rows and columns: only what is in sight is in the page. One cell is the active one; arrow keys move
// it, the rest of the keyboard is the page's. Row -1 is the heading.
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import {
	Fragment,
	type KeyboardEvent,
	type PointerEvent,
	type ReactNode,
	type Ref,
	useCallback,
	useEffect,
	useId,
	useImperativeHandle,
	useRef,
	useState,
} from 'react';
import classes from './VirtualGrid.module.css';

const ROW = 30;
const NOTE = 29;
const HEAD = 45;

export interface GridColumn {
	id: string;
	/** For screen readers and tooltips. */
	label: string;
	width: number;
	pinned?: boolean;
	sort?: 'ascending' | 'descending';
}

export interface CellAt {
	row: number;
	col: number;
}

export interface GridHandle {
	focus: () => void;
}

export interface VirtualGridProps {
	ref?: Ref<GridHandle>;
	label: string;
	/** Pinned ones first. */
	columns: GridColumn[];
	rowCount: number;
	/** Of the whole, as far as it is known; the first row's number is `firstRow`. */
	totalRows?: number;
	firstRow?: number;
	rowKey: (row: number) => string;
	renderHead: (col: GridColumn) => ReactNode;
	renderCell: (row: number, col: GridColumn) => ReactNode;
	cellClass?: (row: number, col: GridColumn) => string | undefined;
	rowClass?: (row: number) => string | undefined;
	isSelected?: (row: number) => boolean;
	/** A line below the row. */
	rowNote?: (row: number) => ReactNode;
	/** Changes when notes come or go. */
	notes?: unknown;
	gutterWidth: number;
	renderGutter: (row: number) => ReactNode;
	gutterHead: ReactNode;
	active: CellAt;
	onActive: (cell: CellAt) => void;
	/** True: it was understood; the grid does nothing. */
	onKey?: (e: KeyboardEvent, cell: CellAt) => boolean;
	onOpen?: (cell: CellAt) => void;
	onResize: (id: string, width: number) => void;
	onMove: (id: string, target: string) => void;
	/** Rows in sight. */
	onSight?: (first: number, last: number) => void;
	/** The page has an editor open in the active cell: keys are not the grid's. */
	editing?: boolean;
}

export function VirtualGrid(props: VirtualGridProps) {
	const { columns, rowCount, active, gutterWidth, onSight, rowNote } = props;
	const scroller = useRef<HTMLDivElement>(null);
	const id = useId();
	const firstRow = props.firstRow ?? 0;
	const pinned = columns.filter((c) => c.pinned);
	const free = columns.filter((c) => !c.pinned);
	const pinnedWidth = pinned.reduce((n, c) => n + c.width, gutterWidth);

	useImperativeHandle(props.ref, () => ({ focus: () => scroller.current?.focus({ preventScroll: true }) }), []);

	const rowRange = useCallback(
		(r: Range) => withActive(defaultRangeExtractor(r), active.row, rowCount),
		[active.row, rowCount],
	);
	const rows = useVirtualizer({
		count: rowCount,
		getScrollElement: () => scroller.current,
		estimateSize: (i) => ROW + (rowNote?.(i) ? NOTE : 0),
		getItemKey: props.rowKey,
		overscan: 8,
		scrollMargin: 0,
		scrollPaddingStart: HEAD,
		rangeExtractor: rowRange,
	});
	const activeFree = active.col - pinned.length;
	const colRange = useCallback(
		(r: Range) => withActive(defaultRangeExtractor(r), activeFree, free.length),
		[activeFree, free.length],
	);
	const cols = useVirtualizer({
		horizontal: true,
		count: free.length,
		getScrollElement: () => scroller.current,
		estimateSize: (i) => free[i]?.width ?? 100,
		getItemKey: (i) => free[i]?.id ?? i,
		overscan: 2,
		paddingStart: pinnedWidth,
		scrollPaddingStart: pinnedWidth,
		rangeExtractor: colRange,
	});
	const widths = columns.map((c) => `${c.id}:${c.width}:${c.pinned ? 1 : 0}`).join('|');
	// biome-ignore lint/correctness/useExhaustiveDependencies: measured again when widths change
	useEffect(() => cols.measure(), [widths]);
	// biome-ignore lint/correctness/useExhaustiveDependencies: measured again when notes come or go
	useEffect(() => rows.measure(), [props.notes]);

	const seen = rows.getVirtualItems();
	const range = rows.range;
	const first = range?.startIndex ?? 0;
	const last = range?.endIndex ?? 0;
	useEffect(() => onSight?.(first, last), [first, last, onSight]);

	const go = (cell: CellAt) => {
		const next = {
			row: Math.max(-1, Math.min(rowCount - 1, cell.row)),
			col: Math.max(0, Math.min(columns.length - 1, cell.col)),
		};
		props.onActive(next);
		if (next.row >= 0) rows.scrollToIndex(next.row, { align: 'auto' });
		if (next.col >= pinned.length) cols.scrollToIndex(next.col - pinned.length, { align: 'auto' });
	};
	const onKeyDown = (e: KeyboardEvent) => {
		if (props.editing || e.defaultPrevented) return;
		if (props.onKey?.(e, active)) {
			e.preventDefault();
			return;
		}
		const page = Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 300) - HEAD) / ROW) - 1);
		const next = moved(e, active, page, rowCount, columns.length);
		if (!next) return;
		e.preventDefault();
		go(next);
	};

	const items = cols.getVirtualItems();
	const total = cols.getTotalSize();
	const lefts = pinned.reduce<number[]>((list, _c, i) => {
		list.push(i === 0 ? gutterWidth : (list[i - 1] ?? 0) + (pinned[i - 1]?.width ?? 0));
		return list;
	}, []);
	const line = (render: (col: GridColumn, index: number, left: number | undefined) => ReactNode) => (
		<>
			{pinned.map((c, i) => render(c, i, lefts[i]))}
			{items.map((v, i) => {
				const c = free[v.index];
				const gap = v.start - (items[i - 1]?.end ?? pinnedWidth);
				return (
					<Fragment key={v.key}>
						{gap > 0 && <div style={{ width: gap, flex: 'none' }} role="presentation" />}
						{c && render(c, pinned.length + v.index, undefined)}
					</Fragment>
				);
			})}
		</>
	);
	const cellId = (row: number, col: number) => `${id}-${row}-${col}`;

	return (
		<div
			ref={scroller}
			role="grid"
			className={classes.grid}
			tabIndex={0}
			aria-label={props.label}
			aria-rowcount={props.totalRows === undefined ? -1 : props.totalRows + 1}
			aria-colcount={columns.length + 1}
			aria-multiselectable="true"
			aria-activedescendant={columns.length > 0 ? cellId(active.row, active.col) : undefined}
			onKeyDown={onKeyDown}
		>
			<div role="rowgroup" className={classes.head} style={{ width: total }}>
				<div role="row" aria-rowindex={1} className={classes.row} tabIndex={-1}>
					<div
						role="columnheader"
						aria-colindex={1}
						className={classes.gutter}
						style={{ width: gutterWidth }}
						tabIndex={-1}
					>
						{props.gutterHead}
					</div>
					{line((c, i, left) => (
						<HeadCell
							key={c.id}
							id={cellId(-1, i)}
							col={c}
							index={i}
							left={left}
							last={i === pinned.length - 1}
							active={active.row === -1 && active.col === i}
							onResize={props.onResize}
							onMove={props.onMove}
							onActive={() => props.onActive({ row: -1, col: i })}
						>
							{props.renderHead(c)}
						</HeadCell>
					))}
				</div>
			</div>
			<div role="rowgroup" className={classes.body} style={{ height: rows.getTotalSize(), width: total }}>
				{seen.map((v) => {
					const note = rowNote?.(v.index);
					return (
						<div
							key={v.key}
							role="row"
							tabIndex={-1}
							aria-rowindex={firstRow + v.index + 2}
							aria-selected={props.isSelected?.(v.index)}
							className={join(classes.row, props.rowClass?.(v.index))}
							style={{ top: v.start, width: total }}
						>
							<div
								role="rowheader"
								aria-colindex={1}
								className={classes.gutter}
								style={{ width: gutterWidth }}
								tabIndex={-1}
							>
								{props.renderGutter(v.index)}
							</div>
							{line((c, i, left) => (
								// biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the grid's
								<div
									key={c.id}
									id={cellId(v.index, i)}
									role="gridcell"
									data-column={c.id}
									tabIndex={-1}
									aria-colindex={i + 2}
									className={join(
										classes.cell,
										left !== undefined && classes.pinned,
										i === pinned.length - 1 && classes.lastPinned,
										active.row === v.index && active.col === i && classes.active,
										props.cellClass?.(v.index, c),
									)}
									style={{ width: c.width, left }}
									onClick={() => {
										props.onActive({ row: v.index, col: i });
										if (!(active.row === v.index && active.col === i && props.editing))
											scroller.current?.focus({ preventScroll: true });
									}}
									onDoubleClick={() => props.onOpen?.({ row: v.index, col: i })}
								>
									{props.renderCell(v.index, c)}
								</div>
							))}
							{note && <div className={classes.note}>{note}</div>}
						</div>
					);
				})}
			</div>
		</div>
	);
}

const join = (...list: (string | false | undefined)[]) => list.filter(Boolean).join(' ');

/** The active cell stays in the page when it is scrolled away: the keyboard's place is not lost. */
function withActive(list: number[], active: number, count: number): number[] {
	if (active < 0 || active >= count || list.includes(active)) return list;
	return [...list, active].sort((a, b) => a - b);
}

function moved(e: KeyboardEvent, at: CellAt, page: number, rows: number, cols: number): CellAt | null {
	if (e.altKey) return null;
	const far = e.ctrlKey || e.metaKey;
	switch (e.key) {
		case 'ArrowDown':
			return { row: far ? rows - 1 : at.row + 1, col: at.col };
		case 'ArrowUp':
			return { row: far ? 0 : at.row - 1, col: at.col };
		case 'ArrowLeft':
			return { row: at.row, col: far ? 0 : at.col - 1 };
		case 'ArrowRight':
			return { row: at.row, col: far ? cols - 1 : at.col + 1 };
		case 'Home':
			return { row: far ? 0 : at.row, col: 0 };
		case 'End':
			return { row: far ? rows - 1 : at.row, col: cols - 1 };
		case 'PageDown':
			return { row: at.row + page, col: at.col };
		case 'PageUp':
			return { row: Math.max(0, at.row - page), col: at.col };
		default:
			return null;
	}
}

function HeadCell(props: {
	id: string;
	col: GridColumn;
	index: number;
	left: number | undefined;
	last: boolean;
	active: boolean;
	onResize: (id: string, width: number) => void;
	onMove: (id: string, target: string) => void;
	onActive: () => void;
	children: ReactNode;
}) {
	const { col, left } = props;
	const [over, setOver] = useState(false);
	const start = (e: PointerEvent<HTMLDivElement>) => {
		e.preventDefault();
		e.stopPropagation();
		const from = e.clientX;
		const handle = e.currentTarget;
		handle.setPointerCapture(e.pointerId);
		const move = (m: globalThis.PointerEvent) => props.onResize(col.id, col.width + m.clientX - from);
		const end = () => {
			handle.removeEventListener('pointermove', move);
			handle.removeEventListener('pointerup', end);
			handle.removeEventListener('pointercancel', end);
		};
		handle.addEventListener('pointermove', move);
		handle.addEventListener('pointerup', end);
		handle.addEventListener('pointercancel', end);
	};
	return (
		// biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the grid's
		<div
			id={props.id}
			role="columnheader"
			tabIndex={-1}
			aria-colindex={props.index + 2}
			aria-sort={col.sort}
			aria-label={col.label}
			className={join(
				classes.headCell,
				left !== undefined && classes.pinned,
				props.last && classes.lastPinned,
				props.active && classes.active,
				over && classes.over,
			)}
			style={{ width: col.width, left }}
			draggable
			onClick={props.onActive}
			onDragStart={(e) => {
				e.dataTransfer.setData('text/x-weir-column', col.id);
				e.dataTransfer.effectAllowed = 'move';
			}}
			onDragOver={(e) => {
				if (!e.dataTransfer.types.includes('text/x-weir-column')) return;
				e.preventDefault();
				setOver(true);
			}}
			onDragLeave={() => setOver(false)}
			onDrop={(e) => {
				e.preventDefault();
				setOver(false);
				const moving = e.dataTransfer.getData('text/x-weir-column');
				if (moving && moving !== col.id) props.onMove(moving, col.id);
			}}
		>
			{props.children}
			<div
				className={classes.resize}
				onPointerDown={start}
				draggable={false}
				onDragStart={(e) => e.preventDefault()}
				aria-hidden="true"
			/>
		</div>
	);
}
