// The heading of a column: its name sorts, its menu does the rest.
import { Menu } from '@mantine/core';
import type { Column } from '@/model/catalog';
import { IconArrowDown, IconArrowUp, IconMore, IconPin } from '@/ui/icons';
import classes from './browse.module.css';
import { isSortable } from './model/kinds';
import type { Sort } from './model/place';
import { OUTSIDE } from './RowMenu';

export interface HeadActions {
	sort: (column: string, add: boolean) => void;
	setSort: (column: string, desc: boolean | null) => void;
	filter: (column: string) => void;
	pin: (id: string) => void;
	hide: (id: string) => void;
	move: (id: string, by: -1 | 1) => void;
	widen: (id: string, by: number) => void;
}

export function HeadCellMenu(props: {
	id: string;
	/** Null: links to the rows of another table. */
	column: Column | null;
	title: string;
	hint: string;
	sorts: Sort[];
	pinned: boolean;
	opened: boolean;
	onOpen: (open: boolean) => void;
	actions: HeadActions;
}) {
	const { id, column, actions, sorts } = props;
	const at = column ? sorts.findIndex((s) => s.column === column.name) : -1;
	const sort = sorts[at];
	const sortable = column !== null && isSortable(column);
	const button = (
		<button
			type="button"
			tabIndex={-1}
			className={classes.headButton}
			aria-label={`Menu of ${props.title}`}
			aria-haspopup="menu"
			onClick={() => props.onOpen(!props.opened)}
		>
			<IconMore size={13} />
		</button>
	);
	return (
		<>
			<button
				type="button"
				tabIndex={-1}
				className={classes.headName}
				title={[props.title, props.hint, column?.comment].filter(Boolean).join('\n')}
				disabled={!sortable}
				onClick={(e) => actions.sort(id, e.shiftKey || e.ctrlKey || e.metaKey)}
			>
				<span className={classes.headTitle}>{props.title}</span>
				<span className={classes.headType}>{props.hint}</span>
			</button>
			{sort && (
				<span className={classes.headType}>
					{sort.desc ? <IconArrowDown size={11} /> : <IconArrowUp size={11} />}
					{sorts.length > 1 && at + 1}
				</span>
			)}
			{props.pinned && <IconPin size={11} />}
			{props.opened ? (
				<Menu opened onChange={props.onOpen} position="bottom-start" withinPortal clickOutsideEvents={OUTSIDE}>
					<Menu.Target>{button}</Menu.Target>
					<Menu.Dropdown>
						{sortable && column && (
							<>
								<Menu.Item leftSection={<IconArrowUp size={12} />} onClick={() => actions.setSort(column.name, false)}>
									Ascending
								</Menu.Item>
								<Menu.Item leftSection={<IconArrowDown size={12} />} onClick={() => actions.setSort(column.name, true)}>
									Descending
								</Menu.Item>
								{sort && <Menu.Item onClick={() => actions.setSort(column.name, null)}>No order</Menu.Item>}
							</>
						)}
						{column && <Menu.Item onClick={() => actions.filter(column.name)}>Filter…</Menu.Item>}
						<Menu.Divider />
						<Menu.Item onClick={() => actions.pin(id)}>{props.pinned ? 'Unpin' : 'Pin to the left'}</Menu.Item>
						<Menu.Item onClick={() => actions.hide(id)}>Hide</Menu.Item>
						<Menu.Item onClick={() => actions.move(id, -1)}>Move left</Menu.Item>
						<Menu.Item onClick={() => actions.move(id, 1)}>Move right</Menu.Item>
						<Menu.Item closeMenuOnClick={false} onClick={() => actions.widen(id, 40)}>
							Wider
						</Menu.Item>
						<Menu.Item closeMenuOnClick={false} onClick={() => actions.widen(id, -40)}>
							Narrower
						</Menu.Item>
					</Menu.Dropdown>
				</Menu>
			) : (
				button
			)}
		</>
	);
}
