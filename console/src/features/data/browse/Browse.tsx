import { ActionIcon, Anchor, Button, Text, Tooltip } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import { useSource, useTable } from '@/api/hooks';
import { keys } from '@/api/keys';
import { useForeignKeys } from '@/model/useCatalog';
import { confirm } from '@/ui/confirm';
import { ErrorView } from '@/ui/ErrorView';
import { IconFilter, IconPlus, IconRefresh, IconTrash } from '@/ui/icons';
import { notifyDone, notifyError } from '@/ui/notify';
import { usePageKeys } from '@/ui/pageKeys';
import { type CellAt, type GridHandle, VirtualGrid } from '@/ui/VirtualGrid';
import { schemaPath, tablePath } from '../paths';
import { CellBar, StagedBar } from './Bars';
import classes from './browse.module.css';
import { CellDrawer, wholeText } from './CellDrawer';
import { type After, CellInput } from './CellInput';
import { CellView } from './CellView';
import { ColumnsMenu } from './ColumnsMenu';
import { ExportMenu } from './ExportMenu';
import { FilterBar } from './FilterBar';
import { GRID_KEYS, gridCommand, typedText } from './gridKeys';
import { HeadCellMenu } from './HeadCellMenu';
import { jsonRow } from './model/exportRows';
import { isNumeric, kindOf } from './model/kinds';
import { moveBy, toggle } from './model/layout';
import { columnForeignKey, foreignKeyPairs, pairFilters, reverseLinks } from './model/links';
import { type Place, parsePlace, placeSearch, toggleSort } from './model/place';
import { cellText, isCut, type Row } from './model/read';
import type { Change } from './model/write';
import { Pager } from './Pager';
import { RowMenu, reverseHref, rowSearch } from './RowMenu';
import { useColumns } from './useColumns';
import { useEdits } from './useEdits';
import { useRights } from './useRights';
import { type Target, useCount, useLabels, useRows } from './useRows';

const SIZE_KEY = 'weir.grid.page-size';

function rememberedSize(): number {
	try {
		return Number(localStorage.getItem(SIZE_KEY)) || 100;
	} catch {
		return 100;
	}
}

function rememberSize(n: number) {
	try {
		localStorage.setItem(SIZE_KEY, String(n));
	} catch {
		// for this page only, then
	}
}

/** Filters, order and page: in the address. A new filter is a step back in the history, a new order or page is not. */
function useAddress(target: Target) {
	const search = useSearch();
	const [, go] = useLocation();
	const place = useMemo(() => parsePlace(search), [search]);
	const base = tablePath(target.source, target.table, 'browse');
	const change = useCallback(
		(part: Partial<Place>, replace = true) => {
			const next = placeSearch({ ...place, offset: 0, ...part });
			go(next ? `${base}?${next}` : base, { replace });
		},
		[place, base, go],
	);
	return { place, change, go };
}

/** Why there are none, and the way to some. */
function NoRows({
	place,
	name,
	change,
}: {
	place: Place;
	name: string;
	change: (part: Partial<Place>, replace?: boolean) => void;
}) {
	const [text, label, part]: [string, string | null, Partial<Place>] =
		place.offset > 0
			? [`There are no rows from ${(place.offset + 1).toLocaleString('en')} on`, 'To the first rows', { offset: 0 }]
			: place.filters.length > 0
				? [
						`No row fits ${place.filters.length === 1 ? 'the condition' : `the ${place.filters.length} conditions`}`,
						'Show all rows',
						{ filters: [] },
					]
				: [`${name} has no rows yet`, null, {}];
	return (
		<div className={classes.noRows} role="status">
			<Text fw={600}>{text}</Text>
			{label && (
				<Button mt="xs" size="compact-sm" variant="default" onClick={() => change(part, false)}>
					{label}
				</Button>
			)}
		</div>
	);
}

export function Browse({ target }: { target: Target }) {
	const { source, table, info } = target;
	const client = useQueryClient();
	const { place, change, go } = useAddress(target);
	const [size, setSize] = useState(rememberedSize);
	const limit = place.limit ?? size;
	const labels = useLabels(target);
	const { query, rows } = useRows(target, place, limit, labels);
	const [seconds, setSeconds] = useState<number | null>(null);
	const count = useCount(target, place, seconds);
	const md = useTable(source, table.schema, table.name);
	const mdSource = useSource(source);
	const fks = useForeignKeys(source).data;
	const links = useMemo(() => reverseLinks(table, md, fks ?? [], mdSource), [table, md, fks, mdSource]);
	const edits = useEdits(target);
	const rights = useRights(target);
	const columns = useColumns(target, labels, links, place.sorts);
	const [ticks, setTicks] = useState<ReadonlySet<string>>(new Set());
	const [active, setActive] = useState<CellAt>({ row: 0, col: 0 });
	const [editing, setEditing] = useState(false);
	const [start, setStart] = useState<string | null>(null);
	const [problem, setProblem] = useState<string | null>(null);
	const [opened, setOpened] = useState(false);
	const [menu, setMenu] = useState<string | null>(null);
	const [filtering, setFiltering] = useState(place.filters.length > 0);
	const [wanted, setWanted] = useState<{ column: string } | null>(null);
	const grid = useRef<GridHandle>(null);
	const lastTick = useRef<number | null>(null);
	usePageKeys('Rows', GRID_KEYS);

	// biome-ignore lint/correctness/useExhaustiveDependencies: other conditions: the count is no longer theirs
	useEffect(() => setSeconds(null), [JSON.stringify(place.filters)]);
	useEffect(() => {
		if (active.row >= rows.length && rows.length > 0) setActive((a) => ({ ...a, row: rows.length - 1 }));
	}, [rows.length, active.row]);

	const { fetchNextPage, hasNextPage, isFetchingNextPage } = query;
	const onSight = useCallback(
		(_first: number, last: number) => {
			if (hasNextPage && !isFetchingNextPage && last >= rows.length - 20) fetchNextPage();
		},
		[hasNextPage, isFetchingNextPage, rows.length, fetchNextPage],
	);

	const at = (cell: CellAt) => {
		const shown = columns.list[cell.col];
		return { row: rows[cell.row], shown, column: shown?.column ?? null, index: shown?.index ?? -1 };
	};
	const changeOf = (row: Row, name: string): Change | undefined => edits.staged.get(row.id)?.changes.get(name);
	const focus = () => grid.current?.focus();
	const hrefOf = (row: Row, name: string): string | null => {
		const fk = columnForeignKey(info, name);
		const filters = fk && pairFilters(foreignKeyPairs(fk), info, row.cells);
		if (!fk || !filters) return null;
		return `${tablePath(source, fk.target, 'browse')}?${placeSearch({ filters, sorts: [], limit: null, offset: 0 })}`;
	};
	const labelOf = (row: Row, name: string): string | null => {
		const i = (labels ?? []).findIndex((l) => l.column === name);
		return i < 0 ? null : (row.labels[i] ?? null);
	};

	const rowKey = useCallback((i: number) => rows[i]?.id ?? String(i), [rows]);
	// Stands for all that the cells show: while it is the same object, rows are not rendered again.
	// biome-ignore lint/correctness/useExhaustiveDependencies: a list of what is shown, not of what is used
	const version = useMemo(
		() => ({}),
		[rows, target, edits.staged, edits.errors, ticks, editing, menu, columns.list, links, place, rights.mayEdit],
	);

	// ---- what the keys and the mouse do

	const open = (cell: CellAt) => {
		setActive(cell);
		if (at(cell).column && at(cell).row) setOpened(true);
	};
	/** `typed`: what begins the new value; without it the old one is edited. */
	const edit = (cell: CellAt, typed: string | null = null) => {
		const { row, column, index, shown } = at(cell);
		if (!row || !shown) return;
		if (!column) {
			const href = shown.link && reverseHref(target, row, shown.link);
			if (href) go(href);
			return;
		}
		const value = row.cells[index];
		const now = changeOf(row, column.name);
		const text = now?.to === 'value' ? now.text : cellText(value);
		const kind = kindOf(column);
		const large = kind === 'json' || kind === 'geo' || (text !== null && (text.length > 200 || text.includes('\n')));
		if (large || (isCut(value) && !now) || !rights.writable(column)) return open(cell);
		setActive(cell);
		setProblem(null);
		setStart(typed);
		setEditing(true);
	};
	const put = (cell: CellAt, next: Change) => {
		const { row, column, index } = at(cell);
		if (row && column && rights.writable(column)) edits.set(row, index, next);
	};
	const finish = (next: Change | null, after: After) => {
		setEditing(false);
		if (next) put(active, next);
		const by = { stay: [0, 0], down: [1, 0], right: [0, 1], left: [0, -1] }[after] as [number, number];
		setActive({
			row: Math.min(rows.length - 1, active.row + by[0]),
			col: Math.max(0, Math.min(columns.list.length - 1, active.col + by[1])),
		});
		requestAnimationFrame(focus);
	};
	const tick = (index: number, range: boolean) => {
		const row = rows[index];
		if (!row) return;
		const next = new Set(ticks);
		const from = range && lastTick.current !== null ? Math.min(lastTick.current, index) : index;
		const to = range && lastTick.current !== null ? Math.max(lastTick.current, index) : index;
		const on = range || !next.has(row.id);
		for (const r of rows.slice(from, to + 1)) {
			if (on) next.add(r.id);
			else next.delete(r.id);
		}
		lastTick.current = index;
		setTicks(next);
	};
	const tickAll = () => setTicks(ticks.size === rows.length ? new Set() : new Set(rows.map((r) => r.id)));
	const remove = async (list: Row[]) => {
		if (list.length === 0 || !rights.mayDelete) return;
		const others = links.filter((l) => l.id.startsWith('fk') || l.id.startsWith('rel'));
		const yes = await confirm({
			title: list.length === 1 ? 'Delete this row?' : `Delete ${list.length} rows?`,
			body: others.length
				? `Rows of other tables may belong to them (${others.map((l) => l.label).join('; ')}): they are deleted too, or PostgreSQL refuses, as the foreign keys say.`
				: 'This cannot be undone.',
			action: 'Delete',
			danger: true,
		});
		if (yes && (await edits.remove(list))) setTicks(new Set());
		focus();
	};
	const reload = () => {
		edits.forget();
		setTicks(new Set());
		client.invalidateQueries({ queryKey: keys.rows(source, table) });
		client.invalidateQueries({ queryKey: keys.table(source, table) });
	};
	const copy = (text: Promise<string>) =>
		text
			.then((t) => navigator.clipboard.writeText(t))
			.then(() => notifyDone('Copied.'))
			.catch((e) => notifyError(e, 'Not copied'));
	const copyCell = (cell: CellAt) => {
		const { row, index, column } = at(cell);
		if (!row || !column) return;
		const now = changeOf(row, column.name);
		copy(now?.to === 'value' ? Promise.resolve(now.text) : wholeText(target, row, index).then((t) => t ?? ''));
	};
	const copyRow = (row: Row) =>
		copy(
			Promise.all(info.columns.map((_, i) => wholeText(target, row, i))).then((cells) => jsonRow(info.columns, cells)),
		);
	const sort = (name: string, add: boolean) => change({ sorts: toggleSort(place.sorts, name, add) });
	const filter = (name: string) => {
		setFiltering(true);
		setWanted({ column: name });
	};
	const focusFilter = () => {
		setFiltering(true);
		if (place.filters.length === 0) setWanted({ column: info.columns[0]?.name ?? '' });
	};
	const onKey = (e: KeyboardEvent, cell: CellAt): boolean => {
		const { row, column, shown } = at(cell);
		const command = gridCommand(e, cell.row < 0);
		const typed = command === null && cell.row >= 0 ? typedText(e) : null;
		if (typed !== null && row && column && rights.writable(column)) {
			edit(cell, typed);
			return true;
		}
		switch (command) {
			case 'edit':
				edit(cell);
				break;
			case 'open':
				open(cell);
				break;
			case 'follow': {
				const href = row && (column ? hrefOf(row, column.name) : shown?.link && reverseHref(target, row, shown.link));
				if (href) go(href);
				break;
			}
			case 'tick':
				tick(cell.row, e.shiftKey);
				break;
			case 'tickAll':
				tickAll();
				break;
			case 'null':
				if (column?.nullable) put(cell, { to: 'null' });
				break;
			case 'delete':
				remove(ticks.size ? rows.filter((r) => ticks.has(r.id)) : row ? [row] : []);
				break;
			case 'menu':
				setMenu(cell.row < 0 ? `head ${shown?.id}` : `row ${row?.id}`);
				break;
			case 'sort':
				if (column) sort(column.name, e.shiftKey);
				break;
			case 'moveLeft':
			case 'moveRight':
				if (shown) columns.set(moveBy(columns.ids, columns.layout, shown.id, command === 'moveLeft' ? -1 : 1));
				setActive({ ...cell, col: Math.max(0, cell.col + (command === 'moveLeft' ? -1 : 1)) });
				break;
			case 'narrower':
			case 'wider':
				if (shown) columns.resize(shown.id, shown.width + (command === 'wider' ? 20 : -20));
				break;
			case 'undo':
				edits.undo();
				break;
			case 'redo':
				edits.redo();
				break;
			case 'save':
				edits.save();
				break;
			case 'copy':
				copyCell(cell);
				break;
			case 'filter':
				focusFilter();
				break;
			case 'insert':
				if (rights.mayInsert) go(tablePath(source, table, 'insert'));
				break;
			case 'form': {
				const key = row && rowSearch(target, row);
				if (key && rights.mayEdit) go(`${tablePath(source, table, 'edit')}?${key}`);
				break;
			}
			case 'reload':
				reload();
				break;
			case 'clear':
				if (ticks.size === 0) return false;
				setTicks(new Set());
				break;
			default:
				return false;
		}
		return true;
	};

	const now = at(active);
	const ticked = rows.filter((r) => ticks.has(r.id));
	return (
		// biome-ignore lint/a11y/noStaticElementInteractions: the keys of saving, wherever the focus is
		<div
			className={classes.whole_page}
			onKeyDown={(e) => {
				if (e.defaultPrevented || gridCommand(e, false) !== 'save') return;
				e.preventDefault();
				edits.save();
			}}
		>
			<div className={classes.tools}>
				<Button
					size="compact-sm"
					variant={place.filters.length + place.sorts.length ? 'light' : 'default'}
					leftSection={<IconFilter size={13} />}
					aria-expanded={filtering}
					onClick={() => {
						setFiltering(!filtering);
						setWanted(null);
					}}
				>
					Filter and order
					{place.filters.length + place.sorts.length > 0 && ` (${place.filters.length + place.sorts.length})`}
				</Button>
				<Tooltip label="Read the rows again (r)">
					<ActionIcon
						variant="default"
						aria-label="Reload"
						onClick={reload}
						loading={query.isFetching && !isFetchingNextPage}
					>
						<IconRefresh size={14} />
					</ActionIcon>
				</Tooltip>
				<ColumnsMenu ids={columns.ids} title={columns.title} layout={columns.layout} onLayout={columns.set} />
				<ExportMenu target={target} place={place} loaded={rows.length} />
				<span className={classes.spring} />
				{ticked.length > 0 && (
					<>
						<span role="status">{ticked.length} ticked</span>
						<Button
							size="compact-sm"
							color="red"
							variant="light"
							leftSection={<IconTrash size={13} />}
							disabled={!rights.mayDelete}
							loading={edits.busy}
							onClick={() => remove(ticked)}
						>
							Delete
						</Button>
					</>
				)}
				{rights.mayInsert && (
					<Button
						size="compact-sm"
						component={Link}
						href={tablePath(source, table, 'insert')}
						leftSection={<IconPlus size={13} />}
					>
						Insert row
					</Button>
				)}
			</div>
			{filtering && (
				<FilterBar
					info={info}
					filters={place.filters}
					sorts={place.sorts}
					wanted={wanted}
					onFilters={(filters) =>
						JSON.stringify(filters) !== JSON.stringify(place.filters) && change({ filters }, false)
					}
					onSorts={(sorts) => change({ sorts })}
					onClear={() => change({ filters: [], sorts: [] }, false)}
				/>
			)}
			{rights.notice && (
				<div className={classes.notice}>
					{rights.notice}{' '}
					{!rights.tracked && (
						<Anchor component={Link} href={schemaPath(source, table.schema)} size="sm">
							Track it on the page of {table.schema}
						</Anchor>
					)}
				</div>
			)}
			{query.error && <ErrorView error={query.error} title="The rows cannot be read" onRetry={() => query.refetch()} />}
			<div className={classes.rows}>
				<VirtualGrid
					ref={grid}
					label={`Rows of ${table.name}`}
					columns={columns.list}
					rowCount={rows.length}
					firstRow={place.offset}
					totalRows={hasNextPage ? count.exact.data : place.offset + rows.length}
					rowKey={rowKey}
					version={version}
					active={active}
					onActive={(cell) => {
						if (editing && (cell.row !== active.row || cell.col !== active.col)) setEditing(false);
						setActive(cell);
					}}
					editing={editing}
					onKey={onKey}
					onOpen={(cell) => edit(cell)}
					onResize={columns.resize}
					onMove={columns.move}
					onSight={onSight}
					gutterWidth={84}
					gutterHead={
						<input
							type="checkbox"
							tabIndex={-1}
							aria-label="Tick all rows loaded"
							checked={rows.length > 0 && ticks.size === rows.length}
							ref={(e) => {
								if (e) e.indeterminate = ticks.size > 0 && ticks.size < rows.length;
							}}
							onChange={tickAll}
						/>
					}
					renderGutter={(i) => {
						const row = rows[i];
						if (!row) return null;
						const number = place.offset + i + 1;
						return (
							<>
								<input
									type="checkbox"
									tabIndex={-1}
									aria-label={`Tick row ${number}`}
									checked={ticks.has(row.id)}
									onChange={() => {}}
									onClick={(e) => tick(i, e.shiftKey)}
								/>
								<span className={classes.rowNumber}>{number}</span>
								<RowMenu
									target={target}
									row={row}
									links={links}
									number={number}
									opened={menu === `row ${row.id}`}
									onOpen={(o) => setMenu(o ? `row ${row.id}` : null)}
									mayEdit={rights.mayEdit}
									mayInsert={rights.mayInsert}
									mayDelete={rights.mayDelete}
									changed={edits.staged.has(row.id)}
									onDelete={() => remove([row])}
									onDiscard={() => edits.discardRow(row.id)}
									onCopy={() => copyRow(row)}
								/>
							</>
						);
					}}
					renderHead={(c) => {
						const shown = columns.of(c.id);
						return (
							<HeadCellMenu
								id={c.id}
								column={shown?.column ?? null}
								title={columns.title(c.id)}
								hint={shown?.hint ?? ''}
								sorts={place.sorts}
								pinned={c.pinned ?? false}
								opened={menu === `head ${c.id}`}
								onOpen={(o) => setMenu(o ? `head ${c.id}` : null)}
								actions={{
									sort,
									setSort: (name, desc) =>
										change({
											sorts: desc === null ? place.sorts.filter((s) => s.column !== name) : [{ column: name, desc }],
										}),
									filter,
									pin: (id) => columns.set({ ...columns.layout, pinned: toggle(columns.layout.pinned, id) }),
									hide: (id) => columns.set({ ...columns.layout, hidden: toggle(columns.layout.hidden, id) }),
									move: (id, by) => columns.set(moveBy(columns.ids, columns.layout, id, by)),
									widen: (id, by) => columns.resize(id, c.width + by),
								}}
							/>
						);
					}}
					renderCell={(i, c) => {
						const row = rows[i];
						const shown = columns.of(c.id);
						if (!row || !shown) return null;
						if (!shown.column) {
							const href = shown.link && reverseHref(target, row, shown.link);
							return href ? (
								<Link href={href} className={classes.chip} tabIndex={-1}>
									{shown.link?.table.name}
								</Link>
							) : null;
						}
						const { column } = shown;
						const isActive = active.row === i && columns.list[active.col]?.id === c.id;
						const staged = changeOf(row, column.name);
						if (editing && isActive)
							return (
								<CellInput
									of={{ source, info, column }}
									start={start}
									initial={staged ? (staged.to === 'value' ? staged.text : null) : cellText(row.cells[shown.index])}
									onDone={finish}
									onProblem={setProblem}
								/>
							);
						return (
							<CellView
								column={column}
								cell={row.cells[shown.index]}
								change={staged}
								href={hrefOf(row, column.name)}
								label={labelOf(row, column.name)}
								onWhole={() => open({ row: i, col: columns.list.findIndex((x) => x.id === c.id) })}
							/>
						);
					}}
					cellClass={(i, c) => {
						const row = rows[i];
						const column = columns.of(c.id)?.column;
						if (!row || !column) return undefined;
						const isActive = active.row === i && columns.list[active.col]?.id === c.id;
						return [
							isNumeric(kindOf(column)) && !columnForeignKey(info, column.name) ? classes.number : '',
							changeOf(row, column.name) ? classes.changed : '',
							isActive && editing ? classes.editing : '',
						].join(' ');
					}}
					rowClass={(i) => {
						const id = rows[i]?.id ?? '';
						return edits.errors.has(id) ? classes.failed : ticks.has(id) ? classes.ticked : undefined;
					}}
					isSelected={(i) => ticks.has(rows[i]?.id ?? '')}
					rowNote={(i) => {
						const text = edits.errors.get(rows[i]?.id ?? '');
						return text ? (
							<span className={classes.problem} role="alert" title={text}>
								{text}
							</span>
						) : null;
					}}
					notes={edits.errors}
				/>
				{query.data && rows.length === 0 && !query.isPlaceholderData && (
					<NoRows place={place} name={table.name} change={change} />
				)}
			</div>
			<CellBar
				column={now.row ? now.column : null}
				cell={now.row?.cells[now.index]}
				change={now.row && now.column ? changeOf(now.row, now.column.name) : undefined}
				writable={now.column !== null && rights.writable(now.column)}
				problem={problem}
				onEdit={() => edit(active)}
				onOpen={() => open(active)}
				onChange={(c) => put(active, c)}
			/>
			<StagedBar edits={edits} />
			<Pager
				offset={place.offset}
				limit={limit}
				loaded={rows.length}
				more={hasNextPage}
				loading={query.isPending || query.isPlaceholderData}
				count={count}
				seconds={seconds}
				onCount={setSeconds}
				onOffset={(offset) => change({ offset })}
				onLimit={(n) => {
					setSize(n);
					rememberSize(n);
					change({ limit: place.limit === null ? null : n, offset: place.offset });
				}}
			/>
			{opened && now.row && now.column && (
				<CellDrawer
					target={target}
					column={now.column}
					cells={now.row.cells}
					change={changeOf(now.row, now.column.name)}
					writable={rights.writable(now.column)}
					onChange={(c) => put(active, c)}
					onClose={() => {
						setOpened(false);
						requestAnimationFrame(focus);
					}}
				/>
			)}
		</div>
	);
}
