import { Button, Group, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { shownValue, typedValue } from '@/model/boolexp';
import type { Column } from '@/model/catalog';
import { exactNumber } from '@/model/exactJson';
import type { Draft } from '@/model/permissions';
import { RemoveButton } from '@/ui/RemoveButton';
import classes from './Permissions.module.css';

/** Columns the server sets itself: to a value, or to a session variable. */
export function Presets(props: { columns: Column[]; draft: Draft; patch: (d: Partial<Draft>) => void }) {
	const { columns, draft, patch } = props;
	const entries = Object.entries(draft.set);
	const free = columns.filter((c) => !(c.name in draft.set));
	const put = (name: string, value: unknown) => patch({ set: { ...draft.set, [name]: value } });
	return (
		<fieldset className={classes.part_}>
			<legend>Columns that are always set to</legend>
			{entries.map(([name, value]) => (
				<Preset
					key={name}
					name={name}
					column={columns.find((c) => c.name === name)}
					value={value}
					onChange={(v) => put(name, v)}
					onRemove={() => patch({ set: Object.fromEntries(entries.filter(([n]) => n !== name)) })}
				/>
			))}
			<NativeSelect
				size="xs"
				w={200}
				aria-label="Add a preset"
				value=""
				data={[{ value: '', label: '+ column' }, ...free.map((c) => ({ value: c.name, label: c.name }))]}
				onChange={(e) => {
					if (e.currentTarget.value) put(e.currentTarget.value, 'X-Hasura-User-Id');
				}}
			/>
		</fieldset>
	);
}

/** What the value is to the server, since its text does not tell 3 from "3". */
function natureOf(value: unknown): string {
	if (value === null) return 'NULL';
	if (typeof value === 'string') return /^x-hasura-/i.test(value) ? 'session variable' : 'text';
	return exactNumber(value) !== null ? 'number' : typeof value === 'object' ? 'JSON' : typeof value;
}

function Preset(props: {
	name: string;
	column: Column | undefined;
	value: unknown;
	onChange: (value: unknown) => void;
	onRemove: () => void;
}) {
	const { name, column, value, onChange } = props;
	const takes = column?.base === 'jsonb' || column?.base === 'json' ? 'json' : 'value';
	const [typed, setTyped] = useState(shownValue(value));
	// What was typed, as "1.0" on the way to "1.05", unless the value came from elsewhere.
	const means = (text: string) => typedValue(text, takes, column?.base);
	const text = JSON.stringify(means(typed)) === JSON.stringify(value) ? typed : shownValue(value);
	return (
		<Group gap="xs" mb={4}>
			<code className={classes.preset}>{name}</code>
			<span aria-hidden="true">=</span>
			<TextInput
				size="xs"
				w={240}
				aria-label={`Preset of ${name}`}
				placeholder={value === null ? 'NULL' : 'value or X-Hasura-…'}
				value={text}
				onChange={(e) => {
					setTyped(e.currentTarget.value);
					onChange(means(e.currentTarget.value));
				}}
			/>
			<span className={classes.word}>{natureOf(value)}</span>
			{column?.nullable && value !== null && (
				<Button
					size="compact-xs"
					variant="subtle"
					aria-label={`Set ${name} to NULL`}
					onClick={() => {
						setTyped('');
						onChange(null);
					}}
				>
					NULL
				</Button>
			)}
			<RemoveButton label={`Remove the preset of ${name}`} onClick={props.onRemove} />
		</Group>
	);
}
