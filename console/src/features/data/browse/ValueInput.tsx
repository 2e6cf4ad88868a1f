// The widget of a column's type. The value is PostgreSQL's text, whatever the widget.
import { ActionIcon, Autocomplete, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, Suspense, useMemo, useRef } from 'react';
import { readJson } from '@/api/client';
import { useSource } from '@/api/hooks';
import { keys } from '@/api/keys';
import { type Column, type ForeignKey, readTextColumns, type TableInfo } from '@/model/catalog';
import { tableKey } from '@/model/metadata';
import { IconCalendar } from '@/ui/icons';
import { later } from '@/ui/later';
import classes from './browse.module.css';
import { isNumeric, kindOf } from './model/kinds';
import { columnForeignKey } from './model/links';
import { choicesSql, labelOf } from './model/read';

const JsonEditor = later(() => import('./JsonEditor'));

interface Common {
	label: string;
	value: string;
	onChange: (value: string) => void;
	onKeyDown?: (e: KeyboardEvent) => void;
	onBlur?: () => void;
	autoFocus?: boolean;
	/** In a cell: no larger than it. */
	inline?: boolean;
	/** Its first character was just typed: the next one follows it. */
	fresh?: boolean;
	error?: boolean;
	placeholder?: string;
}

export interface ValueInputProps extends Common {
	source: string;
	info: TableInfo;
	column: Column;
}

export function ValueInput(props: ValueInputProps) {
	const { column, info, source, ...rest } = props;
	const kind = kindOf(column);
	const fk = columnForeignKey(info, column.name);
	const isEnumTable = useSource(source)?.tables.some(
		(t) => t.is_enum && fk && tableKey(t.table) === tableKey(fk.target),
	);
	if (column.enumValues) return <Choice {...rest} options={column.enumValues.map((v) => ({ value: v, label: v }))} />;
	if (kind === 'bool')
		return (
			<Choice
				{...rest}
				options={[
					{ value: 'true', label: 'true' },
					{ value: 'false', label: 'false' },
				]}
			/>
		);
	if (fk && fk.columns.length === 1)
		return isEnumTable ? (
			<EnumTable {...rest} source={source} fk={fk} />
		) : (
			<Reference {...rest} source={source} fk={fk} />
		);
	if (kind === 'date' || kind === 'timestamp') return <Moment {...rest} column={column} />;
	if (!rest.inline && (kind === 'json' || kind === 'geo'))
		return (
			<Suspense fallback={<Textarea aria-label={rest.label} value={rest.value} readOnly />}>
				<JsonEditor label={rest.label} value={rest.value} onChange={rest.onChange} minHeight="5rem" maxHeight="16rem" />
			</Suspense>
		);
	if (!rest.inline && kind === 'text' && !/\(\d{1,3}\)/.test(column.type)) return <LongText {...rest} />;
	return <Text {...rest} numeric={isNumeric(kind)} />;
}

const field = (p: Common) => ({
	'aria-label': p.label,
	'data-autofocus': p.autoFocus || undefined,
	autoFocus: p.autoFocus,
	error: p.error,
	size: p.inline ? ('xs' as const) : ('sm' as const),
	radius: p.inline ? 0 : undefined,
	onKeyDown: p.onKeyDown,
	onBlur: p.onBlur,
});

function Text({ numeric, ...p }: Common & { numeric?: boolean }) {
	return (
		<TextInput
			{...field(p)}
			value={p.value}
			placeholder={p.placeholder}
			inputMode={numeric ? 'decimal' : undefined}
			autoComplete="off"
			spellCheck={false}
			onFocus={(e) => p.inline && !p.fresh && e.currentTarget.select()}
			onChange={(e) => p.onChange(e.currentTarget.value)}
		/>
	);
}

function LongText(p: Common) {
	return (
		<Textarea
			{...field(p)}
			value={p.value}
			placeholder={p.placeholder}
			rows={Math.min(12, Math.max(1, p.value.split('\n').length))}
			styles={{ input: { resize: 'vertical' } }}
			onChange={(e) => p.onChange(e.currentTarget.value)}
		/>
	);
}

function Choice({ options, ...p }: Common & { options: { value: string; label: string }[] }) {
	const known = options.some((o) => o.value === p.value);
	return (
		<NativeSelect
			{...field(p)}
			value={p.value}
			data={known ? options : [{ value: p.value, label: p.value || (p.placeholder ?? '(choose)') }, ...options]}
			onChange={(e) => p.onChange(e.currentTarget.value)}
		/>
	);
}

/** Text, since native pickers know neither microseconds nor "infinity"; beside it the native picker. */
function Moment({ column, ...p }: Common & { column: Column }) {
	const picker = useRef<HTMLInputElement>(null);
	const date = kindOf(column) === 'date';
	const native = /^\d{4}-\d\d-\d\d/.test(p.value) ? p.value.slice(0, date ? 10 : 19).replace(' ', 'T') : '';
	return (
		<div className={classes.pickerHost}>
			<TextInput
				{...field(p)}
				value={p.value}
				placeholder={p.placeholder ?? (date ? '2026-01-31' : '2026-01-31 12:00:00')}
				autoComplete="off"
				onChange={(e) => p.onChange(e.currentTarget.value)}
				rightSection={
					<ActionIcon
						variant="subtle"
						color="gray"
						size="sm"
						tabIndex={p.inline ? -1 : 0}
						aria-label={`Choose ${p.label} from a calendar`}
						onMouseDown={(e) => e.preventDefault()}
						onClick={() => picker.current?.showPicker()}
					>
						<IconCalendar />
					</ActionIcon>
				}
			/>
			<input
				ref={picker}
				className={classes.picker}
				type={date ? 'date' : 'datetime-local'}
				step={1}
				tabIndex={-1}
				aria-hidden="true"
				value={native}
				onChange={(e) => p.onChange(e.currentTarget.value.replace('T', ' '))}
			/>
		</div>
	);
}

// ---- values of other tables

function useChoices(source: string, fk: ForeignKey, search: string) {
	const target = fk.targetColumns[0] ?? '';
	return useQuery({
		queryKey: [...keys.rows(source, fk.target), 'choices', target, search],
		queryFn: async ({ signal }) => {
			const columns = (await readTextColumns(source, [fk.target], signal)).get(tableKey(fk.target)) ?? [];
			const label = labelOf(columns);
			const sql = choicesSql(fk.target, target, label === target ? null : label, search);
			return readJson<[string | null, string | null][]>(sql, { source, signal });
		},
		staleTime: 30_000,
	});
}

function EnumTable({ source, fk, ...p }: Common & { source: string; fk: ForeignKey }) {
	const found = useChoices(source, fk, '');
	return <Choice {...p} options={(found.data ?? []).map(([v]) => ({ value: v ?? '', label: v ?? '' }))} />;
}

/** Any value may be typed; rows of the other table that match it, by their key or their name, are offered. */
function Reference({ source, fk, ...p }: Common & { source: string; fk: ForeignKey }) {
	const [search] = useDebouncedValue(p.value, 200);
	const first = useRef(p.fresh ? null : p.value);
	const found = useChoices(source, fk, search === first.current ? '' : search);
	const labels = useMemo(() => new Map((found.data ?? []).map(([v, label]) => [v ?? '', label])), [found.data]);
	return (
		<Autocomplete
			{...field(p)}
			value={p.value}
			placeholder={p.placeholder ?? `a row of ${fk.target.name}`}
			data={[...labels.keys()]}
			filter={({ options }) => options}
			limit={20}
			maxDropdownHeight={260}
			comboboxProps={{ withinPortal: true, width: 'max-content', position: 'bottom-start' }}
			renderOption={({ option }) => (
				<span className={classes.choice}>
					<span>{option.value}</span>
					<span className={classes.null}>{labels.get(option.value)}</span>
				</span>
			)}
			onChange={p.onChange}
		/>
	);
}
