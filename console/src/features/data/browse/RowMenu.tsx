// What can be done with one row, and the rows of other tables that belong to it.
import { Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { readJson } from '@/api/client';
import { keys } from '@/api/keys';
import { ident, literal, qualifiedSql } from '@/model/sqlText';
import { IconMore } from '@/ui/icons';
import { tablePath } from '../paths';
import classes from './browse.module.css';
import { pairFilters, type Reverse } from './model/links';
import { keySearch, placeSearch } from './model/place';
import type { Row } from './model/read';
import type { Target } from './useRows';

const MOST = 1000;
/** Without keys: the one that opens the menu would close it. */
export const OUTSIDE = ['mousedown', 'touchstart'];

/** How many rows each link leads to, up to a thousand. */
function useCounts(target: Target, row: Row, links: Reverse[], enabled: boolean) {
	const parts = links.flatMap((l) => {
		const filters = pairFilters(l.pairs, target.info, row.cells);
		if (!filters) return [];
		const where = filters.map((f) => `${ident(f.column)} = ${literal(f.value)}`).join(' and ');
		return [
			`${literal(l.id)}, (select count(*) from (select 1 from ${qualifiedSql(l.table)} where ${where} limit ${MOST}) x)`,
		];
	});
	return useQuery({
		queryKey: [...keys.rows(target.source, target.table), 'reverse', row.id, parts],
		queryFn: ({ signal }) =>
			readJson<Record<string, number>>(
				`set local statement_timeout = 3000; select json_build_object(${parts.slice(0, 40).join(', ')})`,
				{ source: target.source, signal },
			),
		enabled: enabled && parts.length > 0,
		retry: false,
	});
}

export function reverseHref(target: Target, row: Row, l: Reverse): string | null {
	const filters = pairFilters(l.pairs, target.info, row.cells);
	if (!filters) return null;
	const search = placeSearch({ filters, sorts: [], limit: null, offset: 0 });
	return `${tablePath(target.source, l.table, 'browse')}?${search}`;
}

/** The row's key for the address; null: nothing names it. */
export function rowSearch(target: Target, row: Row, name?: string): string | null {
	const key = target.info.keys[0];
	if (!key) return null;
	const pairs = key.map((k): [string, string] | null => {
		const cell = row.cells[target.info.columns.findIndex((c) => c.name === k)];
		return typeof cell === 'string' ? [k, cell] : null;
	});
	return pairs.some((p) => p === null) ? null : keySearch(pairs as [string, string][], name);
}

export function RowMenu(props: {
	target: Target;
	row: Row;
	links: Reverse[];
	number: number;
	opened: boolean;
	onOpen: (open: boolean) => void;
	mayEdit: boolean;
	mayInsert: boolean;
	mayDelete: boolean;
	changed: boolean;
	onDelete: () => void;
	onDiscard: () => void;
	onCopy: () => void;
}) {
	const button = (
		<button
			type="button"
			tabIndex={-1}
			className={classes.rowButton}
			aria-label={`Menu of row ${props.number}`}
			aria-haspopup="menu"
			onClick={() => props.onOpen(!props.opened)}
		>
			<IconMore size={13} />
		</button>
	);
	// A menu in each row would cost more than all the rest of it.
	if (!props.opened) return button;
	return (
		<Menu opened onChange={props.onOpen} position="right-start" withinPortal clickOutsideEvents={OUTSIDE}>
			<Menu.Target>{button}</Menu.Target>
			<Items {...props} />
		</Menu>
	);
}

function Items(props: Parameters<typeof RowMenu>[0]) {
	const { target, row, links } = props;
	const counts = useCounts(target, row, links, true);
	const key = rowSearch(target, row);
	const clone = rowSearch(target, row, 'clone');
	return (
		<Menu.Dropdown>
			{props.mayEdit && key && (
				<Menu.Item component={Link} href={`${tablePath(target.source, target.table, 'edit')}?${key}`}>
					Edit in a form
				</Menu.Item>
			)}
			{props.mayInsert && clone && (
				<Menu.Item component={Link} href={`${tablePath(target.source, target.table, 'insert')}?${clone}`}>
					Clone
				</Menu.Item>
			)}
			<Menu.Item onClick={props.onCopy}>Copy as JSON</Menu.Item>
			{props.changed && <Menu.Item onClick={props.onDiscard}>Discard the changes of this row</Menu.Item>}
			{props.mayDelete && (
				<Menu.Item color="red" onClick={props.onDelete}>
					Delete…
				</Menu.Item>
			)}
			{links.length > 0 && <Menu.Label>Rows that belong to it</Menu.Label>}
			{links.map((l) => {
				const href = reverseHref(target, row, l);
				const n = counts.data?.[l.id];
				return href ? (
					<Menu.Item
						key={l.id}
						component={Link}
						href={href}
						rightSection={n === undefined ? null : n >= MOST ? `${MOST}+` : n}
					>
						{l.label}
					</Menu.Item>
				) : null;
			})}
		</Menu.Dropdown>
	);
}
