import { Button, Checkbox, Group } from '@mantine/core';
import type { Column } from '@/model/catalog';
import type { Operation } from '@/model/metadata';
import type { Draft } from '@/model/permissions';
import classes from './Permissions.module.css';

const WORD = { insert: 'may set', select: 'sees', update: 'may change', delete: '' };
const SECRET = /passw|secret|token|api_?key|private_?key|salt/i;

/** The grid of columns. `all, future ones too` is the metadata's "*". */
export function Columns(props: {
	op: Operation;
	columns: Column[];
	computed: { name: string }[];
	draft: Draft;
	patch: (d: Partial<Draft>) => void;
}) {
	const { columns, draft, patch } = props;
	const names = columns.map((c) => c.name);
	const has = (c: string) => draft.columns === '*' || draft.columns.includes(c);
	const toggle = (c: string, on: boolean) => {
		const now = draft.columns === '*' ? names : draft.columns;
		patch({ columns: on ? names.filter((n) => n === c || now.includes(n)) : now.filter((n) => n !== c) });
	};
	const all = draft.columns === '*' || names.every(has);
	return (
		<fieldset className={classes.part_}>
			<legend>Columns the role {WORD[props.op]}</legend>
			<Group gap="xs" mb="xs">
				<Button size="compact-xs" variant="default" onClick={() => patch({ columns: all ? [] : names })}>
					{all ? 'None' : 'All'}
				</Button>
				<Checkbox
					size="xs"
					label="all, future ones too"
					checked={draft.columns === '*'}
					onChange={(e) => patch({ columns: e.currentTarget.checked ? '*' : names })}
				/>
			</Group>
			<div className={classes.columns}>
				{columns.map((c) => (
					<Checkbox
						key={c.name}
						size="xs"
						label={
							<span title={`${c.type}${SECRET.test(c.name) ? '; looks like a secret' : ''}`}>
								{c.name}
								{SECRET.test(c.name) && <span className={classes.part}> (secret?)</span>}
							</span>
						}
						checked={has(c.name)}
						onChange={(e) => toggle(c.name, e.currentTarget.checked)}
					/>
				))}
				{props.op === 'select' &&
					props.computed.map((f) => (
						<Checkbox
							key={`f ${f.name}`}
							size="xs"
							label={`${f.name} (computed)`}
							checked={draft.computedFields.includes(f.name)}
							onChange={(e) =>
								patch({
									computedFields: e.currentTarget.checked
										? [...draft.computedFields, f.name]
										: draft.computedFields.filter((n) => n !== f.name),
								})
							}
						/>
					))}
			</div>
		</fieldset>
	);
}
