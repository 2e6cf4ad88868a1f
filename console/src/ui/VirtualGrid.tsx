// biome-ignore-all lint/a11y/useSemanticElements: rows that are placed by pixels cannot be those of a table element
// A grid of any number of rows and columns: only what is in sight is in the page. One cell is the active one; arrow keys move
// it, the rest of the keyboard is the page's. Row -1 is the heading.
import { defaultRangeExtractor, type Range, useVirtualizer, type VirtualItem } from '@tanstack/react-virtual';
import {
	Fragment,
	type KeyboardEvent,
	memo,
	type PointerEvent,
	type ReactNode,
	type Ref,
	useCallback,
	useEffect,
	useId,
	useImperativeHandle,
	useMemo,
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
	/** The same function as long as the rows are. */
	rowKey: (row: number) => string;
	renderHead: (col: GridColumn) => ReactNode;
	renderCell: (row: number, col: GridColumn) => ReactNode;
	cellClass?: (row: number, col: GridColumn) => string | undefined;
	rowClass?: (row: number) => string | undefined;
	isSelected?: (row: number) => boolean;
	/** Changes when what the functions below render does; rows are not rendered again before. */
	version: unknown;
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
	const layout = useMemo(() => layoutOf(columns, gutterWidth), [columns, gutterWidth]);
	const { pinned, free, pinnedWidth } = layout;
	const focus = useCallback(() => scroller.current?.focus({ preventScroll: true }), []);
	const freeKey = useCallback((i: number) => free[i]?.id ?? i, [free]);

	useImperativeHandle(props.ref, () => ({ focus }), [focus]);

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
		getItemKey: freeKey,
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
	const shared = { grid: props, id, layout, items, width: total, version: props.version, columns };

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
			aria-activedescendant={columns.length > 0 ? cellId(id, active.row, active.col) : undefined}
			onKeyDown={onKeyDown}
		>
			<div role="rowgroup" className={classes.head} style={{ width: total }}>
				<HeadRow {...shared} active={active.row === -1 ? active.col : -1} />
			</div>
			<div role="rowgroup" className={classes.body} style={{ height: rows.getTotalSize(), width: total }}>
				{seen.map((v) => (
					<BodyRow
						key={v.key}
						{...shared}
						index={v.index}
						top={v.start}
						active={active.row === v.index ? active.col : -1}
						onFocus={focus}
					/>
				))}
			</div>
		</div>
	);
}

const cellId = (id: string, row: number, col: number) => `${id}-${row}-${col}`;

interface ColumnLayout {
	pinned: GridColumn[];
	free: GridColumn[];
	/** Where each pinned one begins. */
	lefts: number[];
	/** Of the gutter and all pinned ones. */
	pinnedWidth: number;
}

function layoutOf(columns: GridColumn[], gutterWidth: number): ColumnLayout {
	const pinned = columns.filter((c) => c.pinned);
	const lefts: number[] = [];
	let pinnedWidth = gutterWidth;
	for (const c of pinned) {
		lefts.push(pinnedWidth);
		pinnedWidth += c.width;
	}
	return { pinned, free: columns.filter((c) => !c.pinned), lefts, pinnedWidth };
}

interface RowProps {
	/** The latest: what it renders changes with `version` only. */
	grid: VirtualGridProps;
	id: string;
	layout: ColumnLayout;
	items: VirtualItem[];
	columns: GridColumn[];
	width: number;
	version: unknown;
	/** Index of the active column, -1: not in this row. */
	active: number;
}

function sameRow(a: RowProps, b: RowProps): boolean {
	return (
		a.version === b.version &&
		a.active === b.active &&
		a.items === b.items &&
		a.layout === b.layout &&
		a.width === b.width &&
		a.columns === b.columns
	);
}

/** The pinned columns, then those in sight; what lies between is an empty space as wide. */
function Line({
	layout,
	items,
	render,
}: {
	layout: ColumnLayout;
	items: VirtualItem[];
	render: (col: GridColumn, index: number, left: number | undefined) => ReactNode;
}) {
	const { pinned, free, lefts, pinnedWidth } = layout;
	return (
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
}

const HeadRow = memo(function HeadRow({ grid, id, layout, items, active }: RowProps) {
	return (
		<div role="row" aria-rowindex={1} className={classes.row} tabIndex={-1}>
			<div
				role="columnheader"
				aria-colindex={1}
				className={classes.gutter}
				style={{ width: grid.gutterWidth }}
				tabIndex={-1}
			>
				{grid.gutterHead}
			</div>
			<Line
				layout={layout}
				items={items}
				render={(c, i, left) => (
					<HeadCell
						key={c.id}
						id={cellId(id, -1, i)}
						col={c}
						index={i}
						left={left}
						last={i === layout.pinned.length - 1}
						active={active === i}
						onResize={grid.onResize}
						onMove={grid.onMove}
						onActive={() => grid.onActive({ row: -1, col: i })}
					>
						{grid.renderHead(c)}
					</HeadCell>
				)}
			/>
		</div>
	);
}, sameRow);

interface BodyRowProps extends RowProps {
	index: number;
	top: number;
	onFocus: () => void;
}

const BodyRow = memo(
	function BodyRow({ grid, id, layout, items, width, active, index, top, onFocus }: BodyRowProps) {
		const note = grid.rowNote?.(index);
		return (
			<div
				role="row"
				tabIndex={-1}
				aria-rowindex={(grid.firstRow ?? 0) + index + 2}
				aria-selected={grid.isSelected?.(index)}
				className={join(classes.row, grid.rowClass?.(index))}
				style={{ top, width }}
			>
				<div
					role="rowheader"
					aria-colindex={1}
					className={classes.gutter}
					style={{ width: grid.gutterWidth }}
					tabIndex={-1}
				>
					{grid.renderGutter(index)}
				</div>
				<Line
					layout={layout}
					items={items}
					render={(c, i, left) => (
						// biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the grid's
						<div
							key={c.id}
							id={cellId(id, index, i)}
							role="gridcell"
							data-column={c.id}
							tabIndex={-1}
							aria-colindex={i + 2}
							className={join(
								classes.cell,
								left !== undefined && classes.pinned,
								i === layout.pinned.length - 1 && classes.lastPinned,
								active === i && classes.active,
								grid.cellClass?.(index, c),
							)}
							style={{ width: c.width, left }}
							onClick={() => {
								grid.onActive({ row: index, col: i });
								if (!(active === i && grid.editing)) onFocus();
							}}
							onDoubleClick={() => grid.onOpen?.({ row: index, col: i })}
						>
							{grid.renderCell(index, c)}
						</div>
					)}
				/>
				{note && <div className={classes.note}>{note}</div>}
			</div>
		);
	},
	(a, b) => sameRow(a, b) && a.index === b.index && a.top === b.top,
);

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
