// A row, column by column: value, NULL or default, with the widget of the type.
import { Button, Group, SegmentedControl, Text } from '@mantine/core';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { Column } from '@/model/catalog';
import { IconLink } from '@/ui/icons';
import classes from './browse.module.css';
import { columnsIn, type Fields, hasDefault, type Mode, problems } from './model/form';
import type { Change } from './model/write';
import type { Target } from './useRows';
import { ValueInput } from './ValueInput';

/** The expression without the casts PostgreSQL writes behind it. */
const defaultHint = (c: Column) => c.defaultText?.replace(/(::[\w ]+(\(\d+\))?(\[\])?)+$/, '') ?? 'by the database';

export interface FormAction {
	label: string;
	/** Of Ctrl+Enter. */
	main?: boolean;
	run: (values: Map<string, Change>) => void;
}

export function RowForm(props: {
	target: Target;
	initial: Fields;
	valuesOf: (fields: Fields) => Map<string, Change>;
	actions: FormAction[];
	busy: boolean;
	/** Of the database, about the row as it was sent. */
	error: string | null;
	onChanged: () => void;
	children?: ReactNode;
}) {
	const { target, valuesOf, actions, error } = props;
	const { info, source } = target;
	const [fields, setFields] = useState(props.initial);
	const [tried, setTried] = useState(false);
	const values = useMemo(() => valuesOf(fields), [fields, valuesOf]);
	const wrong = useMemo(() => problems(info, values, fields), [info, values, fields]);
	const blamed = useMemo(() => (error ? columnsIn(error, info) : []), [error, info]);
	const host = useRef<HTMLFormElement>(null);
	useEffect(() => {
		host.current?.querySelector<HTMLElement>('input:not([type=radio]), textarea, select')?.focus();
	}, []);
	const set = (c: Column, part: Partial<Fields[string]>) => {
		props.onChanged();
		setFields((all) => ({ ...all, [c.name]: { mode: 'value', text: '', ...all[c.name], ...part, touched: true } }));
	};
	const run = (action: FormAction | undefined) => {
		setTried(true);
		if (action && Object.keys(wrong).length === 0) action.run(values);
	};
	return (
		<form
			ref={host}
			noValidate
			onSubmit={(e) => {
				e.preventDefault();
				run(actions.find((a) => a.main));
			}}
			onKeyDown={(e) => {
				if (e.key !== 'Enter' || !(e.ctrlKey || e.metaKey)) return;
				e.preventDefault();
				run(actions.find((a) => a.main));
			}}
		>
			<div className={classes.form}>
				{info.columns.map((c) => (
					<FieldRow
						key={c.name}
						target={target}
						column={c}
						field={fields[c.name] ?? { mode: 'default', text: '' }}
						source={source}
						problem={tried || fields[c.name]?.text ? wrong[c.name] : undefined}
						blamed={blamed.includes(c.name)}
						onMode={(mode) => set(c, { mode })}
						onText={(text) => set(c, { mode: 'value', text })}
					/>
				))}
			</div>
			{error && (
				<Text mt="md" size="sm" role="alert" className={classes.problem}>
					{error}
				</Text>
			)}
			<Group mt="lg" gap="xs">
				{actions.map((a) => (
					<Button
						key={a.label}
						size="sm"
						variant={a.main ? 'filled' : 'default'}
						loading={props.busy}
						title={a.main ? 'Ctrl+Enter' : undefined}
						onClick={() => run(a)}
					>
						{a.label}
					</Button>
				))}
				{props.children}
				{tried && Object.keys(wrong).length > 0 && (
					<Text size="sm" className={classes.problem} role="alert">
						{Object.keys(wrong).join(', ')}: see above
					</Text>
				)}
			</Group>
		</form>
	);
}

function FieldRow(props: {
	target: Target;
	source: string;
	column: Column;
	field: Fields[string];
	problem: string | undefined;
	blamed: boolean;
	onMode: (mode: Mode) => void;
	onText: (text: string) => void;
}) {
	const { column, field, target, problem } = props;
	const fixed = column.generated || !column.updatable;
	const modes: { value: Mode; label: string; disabled?: boolean }[] = [
		{ value: 'value', label: 'value' },
		{ value: 'null', label: 'NULL', disabled: !column.nullable },
		{ value: 'default', label: 'default', disabled: !hasDefault(column) },
	];
	const fk = target.info.foreignKeys.find((k) => k.columns.includes(column.name));
	return (
		<>
			<div className={classes.formName}>
				<Text size="sm" fw={600} span className={props.blamed ? classes.problem : undefined}>
					{column.name}
				</Text>
				{!column.nullable && (
					<Text span c="dimmed" size="sm" title="not NULL">
						{' *'}
					</Text>
				)}
				<Text size="xs" c="dimmed" title={column.comment ?? undefined}>
					{column.type}
					{fk && (
						<>
							{' '}
							<IconLink size={11} /> {fk.target.name}
						</>
					)}
				</Text>
			</div>
			{fixed ? (
				<>
					<Text size="xs" c="dimmed" pt={8}>
						{column.outside ? 'not in the API' : 'by the database'}
					</Text>
					<Text size="xs" c="dimmed" pt={8}>
						{field.mode === 'value' ? field.text : column.defaultText}
					</Text>
				</>
			) : (
				<>
					<SegmentedControl
						size="xs"
						aria-label={`What ${column.name} gets`}
						value={field.mode}
						data={modes}
						onChange={(v) => props.onMode(v as Mode)}
					/>
					<div>
						<ValueInput
							source={props.source}
							info={target.info}
							column={column}
							label={column.name}
							value={field.mode === 'value' ? field.text : ''}
							placeholder={field.mode === 'null' ? 'NULL' : field.mode === 'default' ? defaultHint(column) : undefined}
							error={problem !== undefined || props.blamed}
							onChange={props.onText}
						/>
						{problem && (
							<div className={classes.formProblem} role="alert">
								{problem}
							</div>
						)}
					</div>
				</>
			)}
		</>
	);
}
