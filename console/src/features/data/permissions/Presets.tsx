import { ActionIcon, Group, NativeSelect, TextInput } from '@mantine/core';
import { shownValue, typedValue } from '@/model/boolexp';
import type { Column } from '@/model/catalog';
import type { Draft } from '@/model/permissions';
import { IconTrash } from '@/ui/icons';
import classes from './Permissions.module.css';

/** Columns the server sets itself: to a value, or to a session variable. */
export function Presets({
	columns,
	draft,
	patch,
}: {
	columns: Column[];
	draft: Draft;
	patch: (d: Partial<Draft>) => void;
}) {
	const entries = Object.entries(draft.set);
	const free = columns.filter((c) => !(c.name in draft.set));
	const put = (name: string, text: string) => {
		const base = columns.find((c) => c.name === name)?.base;
		patch({
			set: { ...draft.set, [name]: typedValue(text, base === 'jsonb' || base === 'json' ? 'json' : 'value', base) },
		});
	};
	return (
		<fieldset className={classes.part_}>
			<legend>Columns that are always set to</legend>
			{entries.map(([name, value]) => (
				<Group key={name} gap="xs" mb={4}>
					<code>{name}</code>
					<span aria-hidden="true">=</span>
					<TextInput
						size="xs"
						w={240}
						aria-label={`Preset of ${name}`}
						placeholder="value or X-Hasura-…"
						value={shownValue(value)}
						onChange={(e) => put(name, e.currentTarget.value)}
					/>
					<ActionIcon
						size="sm"
						variant="subtle"
						color="gray"
						aria-label={`Remove the preset of ${name}`}
						onClick={() => patch({ set: Object.fromEntries(entries.filter(([n]) => n !== name)) })}
					>
						<IconTrash size={13} />
					</ActionIcon>
				</Group>
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
