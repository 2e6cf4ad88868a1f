// Conditions on columns, all of which must hold, and the order.
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { TableInfo } from '@/model/catalog';
import { IconPlus } from '@/ui/icons';
import { RemoveButton } from '@/ui/RemoveButton';
import classes from './browse.module.css';
import { isSortable, operatorsOf } from './model/kinds';
import type { Filter, Sort } from './model/place';

export function FilterBar(props: {
	info: TableInfo;
	filters: Filter[];
	sorts: Sort[];
	/** A column a condition was asked for from elsewhere; a new object each time. */
	wanted: { column: string } | null;
	onFilters: (filters: Filter[]) => void;
	onSorts: (sorts: Sort[]) => void;
	onClear: () => void;
}) {
	const { info, filters, sorts } = props;
	const [drafts, setDrafts] = useState<Filter[]>(filters);
	const [sent, setSent] = useState(filters);
	useEffect(() => {
		if (JSON.stringify(filters) !== JSON.stringify(sent)) {
			setSent(filters);
			setDrafts(filters);
		}
	}, [filters, sent]);
	const { wanted } = props;
	// biome-ignore lint/correctness/useExhaustiveDependencies: once for each request
	useEffect(() => {
		if (wanted) setDrafts((all) => [...all, newFilter(info, wanted.column)]);
	}, [wanted]);
	const apply = (list: Filter[], entered?: Filter) => {
		setDrafts(list);
		// The empty text counts when it was entered: who has just chosen a column has not said yet what to look for.
		const ready = list.filter(
			(f) => isReady(info, f) && (f.value !== '' || f === entered || isUnary(info, f) || sent.some((s) => same(s, f))),
		);
		setSent(ready);
		props.onFilters(ready);
	};
	const first = info.columns[0]?.name ?? '';
	return (
		<search className={classes.filters}>
			{drafts.map((f, i) => (
				<Condition
					key={i}
					info={info}
					filter={f}
					onEdit={(next) => setDrafts(drafts.map((d, n) => (n === i ? next : d)))}
					onApply={(next, entered) =>
						apply(
							drafts.map((d, n) => (n === i ? next : d)),
							entered ? next : undefined,
						)
					}
					onRemove={() => apply(drafts.filter((_, n) => n !== i))}
				/>
			))}
			{sorts.map((s, i) => (
				<Order
					key={s.column}
					info={info}
					sort={s}
					first={i === 0}
					onChange={(next) => props.onSorts(sorts.map((x, n) => (n === i ? next : x)))}
					onRemove={() => props.onSorts(sorts.filter((_, n) => n !== i))}
				/>
			))}
			<div className={classes.filter}>
				<Button
					size="compact-xs"
					variant="default"
					leftSection={<IconPlus size={12} />}
					onClick={() => setDrafts([...drafts, newFilter(info, first)])}
				>
					Condition
				</Button>
				<Button
					size="compact-xs"
					variant="default"
					leftSection={<IconPlus size={12} />}
					onClick={() => {
						const free = info.columns.find((c) => isSortable(c) && !sorts.some((s) => s.column === c.name));
						if (free) props.onSorts([...sorts, { column: free.name, desc: false }]);
					}}
				>
					Order
				</Button>
				{(drafts.length > 0 || sorts.length > 0) && (
					<Button
						size="compact-xs"
						variant="subtle"
						color="gray"
						onClick={() => {
							setDrafts([]);
							setSent([]);
							props.onClear();
						}}
					>
						Clear
					</Button>
				)}
			</div>
		</search>
	);
}

export function newFilter(info: TableInfo, column: string): Filter {
	const c = info.columns.find((x) => x.name === column);
	return { column, op: (c && operatorsOf(c)[0]?.id) ?? '$eq', value: '' };
}

const same = (a: Filter, b: Filter) => a.column === b.column && a.op === b.op && a.value === b.value;

const operatorOf = (info: TableInfo, f: Filter) => {
	const c = info.columns.find((x) => x.name === f.column);
	return { c, op: c && operatorsOf(c).find((o) => o.id === f.op) };
};

const isUnary = (info: TableInfo, f: Filter) => operatorOf(info, f).op?.unary === true;

/** The empty text is a value for texts only. */
function isReady(info: TableInfo, f: Filter): boolean {
	const { c, op } = operatorOf(info, f);
	if (!c || !op) return false;
	return op.unary || f.value !== '' || (c.category === 'S' && (f.op === '$eq' || f.op === '$ne'));
}

function Condition(props: {
	info: TableInfo;
	filter: Filter;
	onEdit: (f: Filter) => void;
	onApply: (f: Filter, entered?: boolean) => void;
	onRemove: () => void;
}) {
	const { info, filter } = props;
	const column = info.columns.find((c) => c.name === filter.column);
	const operators = column ? operatorsOf(column) : [];
	const op = operators.find((o) => o.id === filter.op);
	const name = filter.column || 'column';
	return (
		<div className={classes.filter}>
			<NativeSelect
				size="xs"
				aria-label="Column of the condition"
				value={filter.column}
				data={info.columns.map((c) => c.name)}
				onChange={(e) => {
					const next = newFilter(info, e.currentTarget.value);
					props.onApply({ ...next, value: filter.value });
				}}
			/>
			<NativeSelect
				size="xs"
				aria-label={`Comparison of ${name}`}
				value={filter.op}
				data={[
					...operators.map((o) => ({ value: o.id, label: o.label })),
					...(op ? [] : [{ value: filter.op, label: `${filter.op} (not for this type)` }]),
				]}
				onChange={(e) => props.onApply({ ...filter, op: e.currentTarget.value })}
			/>
			{!op?.unary && (
				<TextInput
					size="xs"
					className={classes.value}
					aria-label={`Value for ${name}`}
					placeholder={op?.placeholder}
					value={filter.value}
					autoFocus={filter.value === ''}
					spellCheck={false}
					onChange={(e) => props.onEdit({ ...filter, value: e.currentTarget.value })}
					onBlur={() => props.onApply(filter)}
					onKeyDown={(e) => {
						if (e.key === 'Enter') props.onApply(filter, true);
					}}
				/>
			)}
			<RemoveButton label={`Remove the condition on ${name}`} onClick={props.onRemove} />
		</div>
	);
}

function Order(props: {
	info: TableInfo;
	sort: Sort;
	first: boolean;
	onChange: (s: Sort) => void;
	onRemove: () => void;
}) {
	const { sort } = props;
	return (
		<div className={classes.filter}>
			<span className={classes.headType}>{props.first ? 'order by' : 'then by'}</span>
			<NativeSelect
				size="xs"
				aria-label="Column of the order"
				value={sort.column}
				data={props.info.columns.filter(isSortable).map((c) => c.name)}
				onChange={(e) => props.onChange({ ...sort, column: e.currentTarget.value })}
			/>
			<NativeSelect
				size="xs"
				aria-label={`Direction of ${sort.column}`}
				value={sort.desc ? 'desc' : 'asc'}
				data={[
					{ value: 'asc', label: 'ascending' },
					{ value: 'desc', label: 'descending' },
				]}
				onChange={(e) => props.onChange({ ...sort, desc: e.currentTarget.value === 'desc' })}
			/>
			<RemoveButton label={`No order by ${sort.column}`} onClick={props.onRemove} />
		</div>
	);
}
