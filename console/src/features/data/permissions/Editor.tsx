// One permission: role × operation. Nothing is sent before Save; “See as role” tries it unsaved.
import { Alert, Button, Checkbox, Group, NativeSelect, NumberInput, Text, TextInput, Title } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useApply } from '@/api/hooks';
import type { TableInfo } from '@/model/catalog';
import { type BoolExp, type Operation, permissionsOf, type TableMetadata } from '@/model/metadata';
import {
	changedElsewhere,
	type Draft,
	draftFrom,
	dropOp,
	emptyDraft,
	lackingColumns,
	OPERATIONS,
	saveOps,
	templates,
	toDraft,
	toPermission,
	withoutLackingRoots,
} from '@/model/permissions';
import { confirm } from '@/ui/confirm';
import { notifyDone, notifyError } from '@/ui/notify';
import { Columns } from './Columns';
import classes from './Permissions.module.css';
import { Presets } from './Presets';
import { RootFields } from './RootFields';
import { RuleField } from './RuleField';
import { SeeAsRole } from './SeeAsRole';

const RULE = {
	insert: 'A new row is allowed when',
	select: 'Rows the role sees',
	update: 'Rows the role may change',
	delete: 'Rows the role may delete',
};

export interface EditorProps {
	source: string;
	table: TableMetadata;
	info: TableInfo;
	role: string;
	op: Operation;
	roles: string[];
	/** Roles it has the permission from, unless it has one of its own. */
	inherited: string[];
	close: () => void;
}

type Entry = { permission: Parameters<typeof toDraft>[1]; comment?: string | null } | undefined;

const draftOf = (op: Operation, entry: Entry) => (entry ? toDraft(op, entry.permission) : emptyDraft());

/** What the form says, to be compared. */
const formOf = (op: Operation, draft: Draft, comment: string) => JSON.stringify([toPermission(op, draft), comment]);
const asForm = (op: Operation, entry: Entry) => formOf(op, draftOf(op, entry), entry?.comment ?? '');

export default function Editor(props: EditorProps) {
	const { source, table, info, role, op, inherited } = props;
	const entry = permissionsOf(table, op).find((e) => e.role === role);
	const [draft, setDraft] = useState<Draft>(() => draftOf(op, entry));
	const [comment, setComment] = useState(entry?.comment ?? '');
	const [begun, setBegun] = useState(entry);
	const own = useRef(false); // the next change of the metadata is this form's
	const [broken, setBroken] = useState<Record<string, boolean>>({});
	const [further, setFurther] = useState<string[]>([]);
	const apply = useApply();
	const patch = (some: Partial<Draft>) => setDraft((d) => withoutLackingRoots({ ...d, ...some }, info.primaryKey));
	const target = { source, table: table.table, role, op };
	const saved = entry && asForm(op, entry);
	const mine = formOf(op, draft, comment);
	const take = () => {
		setBegun(entry);
		setDraft(draftOf(op, entry));
		setComment(entry?.comment ?? '');
	};
	const other = changedElsewhere(mine, asForm(op, begun), asForm(op, entry));
	// biome-ignore lint/correctness/useExhaustiveDependencies: what is saved now, whoever saved it
	useEffect(() => {
		if (other !== 'no' && own.current) {
			own.current = false;
			take();
		} else if (other === 'take') take();
		else if (other === 'same') setBegun(entry);
	}, [other, entry]);
	const lacking = lackingColumns(draft, info.columns);
	const unchanged = further.length === 0 && saved === mine;
	const ready = !Object.values(broken).some(Boolean);
	const ruleTemplates = templates(
		info.columns.map((c) => c.name),
		info.foreignKeys,
		table.table,
		info.primaryKey,
	);
	const rule = (key: 'filter' | 'check', legend: string) => (
		<RuleField
			key={key}
			legend={legend}
			source={source}
			table={table.table}
			value={draft[key] ?? {}}
			templates={ruleTemplates}
			onChange={(r: BoolExp) => patch({ [key]: r })}
			onBroken={(b) => setBroken((all) => ({ ...all, [key]: b }))}
		/>
	);
	const save = async () => {
		try {
			const ops = [role, ...further].flatMap((r) =>
				saveOps(
					{ ...target, role: r },
					draft,
					permissionsOf(table, op).some((e) => e.role === r),
					comment,
				),
			);
			own.current = true;
			await apply.mutateAsync({ ops });
			setFurther([]);
			notifyDone(`${op} on ${table.table.name} was saved for ${[role, ...further].join(', ')}.`);
		} catch (e) {
			own.current = false;
			notifyError(e, 'Not saved');
		}
	};
	const remove = async () => {
		const yes = await confirm({
			title: `Delete ${role}'s permission?`,
			body: inherited.length
				? `${role} then has what ${inherited.join(', ')} may.`
				: `${role} will no longer be able to ${op} rows of ${table.table.name}.`,
			action: 'Delete',
			danger: true,
		});
		if (!yes) return;
		try {
			await apply.mutateAsync({ ops: [dropOp(target)] });
			notifyDone('The permission was deleted.');
			props.close();
		} catch (e) {
			notifyError(e, 'Not deleted');
		}
	};
	return (
		<form
			className={classes.editor}
			aria-label={`${op} permission of ${role}`}
			onSubmit={(e) => {
				e.preventDefault();
				if (ready && !unchanged) save();
			}}
			onKeyDown={(e) => {
				if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
					e.preventDefault();
					if (ready && !unchanged) save();
				}
			}}
		>
			<Group justify="space-between" mb="sm">
				<Title order={2} size="h5">
					{role}: {op}
				</Title>
				<CopyFrom {...props} draft={draft} onCopy={setDraft} />
			</Group>
			{inherited.length > 0 && (
				<Text size="sm" mb="sm">
					{role} is an inherited role: this takes the place of what {inherited.join(', ')} would give it.
				</Text>
			)}
			{other === 'differs' && (
				<Notice
					title="Somebody else changed this permission meanwhile"
					text="Saving puts yours in its place."
					action="Show theirs"
					run={take}
				/>
			)}
			{lacking.length > 0 && (
				<Notice
					title={`${table.table.name} has no ${lacking.join(', ')}`}
					text={`The permission names what is not there: it is inconsistent, and ${role} has nothing of it.`}
					action={lacking.length === 1 ? 'Leave it out' : 'Leave them out'}
					run={() => patch({ columns: info.columns.map((c) => c.name).filter((c) => draft.columns.includes(c)) })}
				/>
			)}
			{rule(op === 'insert' ? 'check' : 'filter', RULE[op])}
			{op === 'update' && (
				<>
					<Checkbox
						mb="sm"
						label="Changed rows must fit a rule of their own, too"
						checked={draft.check !== null}
						onChange={(e) => patch({ check: e.currentTarget.checked ? {} : null })}
					/>
					{draft.check !== null && rule('check', 'A changed row is allowed when')}
				</>
			)}
			{op !== 'delete' && (
				<Columns op={op} columns={info.columns} computed={table.computed_fields ?? []} draft={draft} patch={patch} />
			)}
			{(op === 'insert' || op === 'update') && <Presets columns={info.columns} draft={draft} patch={patch} />}
			{op === 'select' && (
				<>
					<Group align="flex-end" mb="md">
						<NumberInput
							size="xs"
							label="At most so many rows a query"
							placeholder="no limit"
							min={0}
							allowDecimal={false}
							value={draft.limit ?? ''}
							onChange={(v) => patch({ limit: v === '' ? null : Number(v) })}
						/>
						<Checkbox
							label="Aggregations (count, sum, …)"
							checked={draft.aggregations}
							onChange={(e) => patch({ aggregations: e.currentTarget.checked })}
						/>
					</Group>
					<RootFields draft={draft} primaryKey={info.primaryKey} patch={patch} />
				</>
			)}
			{op !== 'select' && (
				<Checkbox
					mb="md"
					label="Only for backends: requests with the admin secret and x-hasura-use-backend-only-permissions"
					checked={draft.backendOnly}
					onChange={(e) => patch({ backendOnly: e.currentTarget.checked })}
				/>
			)}
			<SeeAsRole {...props} draft={draft} ready={ready} />
			<Group align="flex-end" mt="md" gap="md">
				<TextInput
					size="xs"
					w={320}
					label="Comment"
					value={comment}
					onChange={(e) => setComment(e.currentTarget.value)}
				/>
				<FurtherRoles roles={props.roles.filter((r) => r !== role)} value={further} onChange={setFurther} />
			</Group>
			<Group mt="md" gap="xs">
				<Button type="submit" disabled={!ready || unchanged} loading={apply.isPending}>
					{unchanged ? 'Saved' : 'Save permission'}
				</Button>
				<Button variant="default" onClick={props.close}>
					Close
				</Button>
				{entry && (
					<Button variant="subtle" color="red" onClick={remove}>
						Delete permission
					</Button>
				)}
			</Group>
		</form>
	);
}

function Notice({ title, text, action, run }: { title: string; text: string; action: string; run: () => void }) {
	return (
		<Alert color="yellow" variant="light" mb="sm">
			<Text size="sm" fw={600}>
				{title}
			</Text>
			<Text size="sm">{text}</Text>
			<Button mt="xs" size="compact-sm" variant="default" onClick={run}>
				{action}
			</Button>
		</Alert>
	);
}

/** Another permission of the table as the beginning of this one: columns and rules, whatever its operation. */
function CopyFrom({ table, role, op, draft, onCopy }: EditorProps & { draft: Draft; onCopy: (d: Draft) => void }) {
	const others = OPERATIONS.flatMap((o) =>
		permissionsOf(table, o)
			.filter((e) => e.role !== role || o !== op)
			.map((e) => ({
				value: JSON.stringify([e.role, o]),
				label: `${e.role}: ${o}`,
				from: o,
				permission: e.permission,
			})),
	);
	if (others.length === 0) return null;
	return (
		<NativeSelect
			size="xs"
			aria-label="Copy from another permission"
			value=""
			data={[{ value: '', label: 'Copy from…' }, ...others.map(({ value, label }) => ({ value, label }))]}
			onChange={(e) => {
				const found = others.find((o) => o.value === e.currentTarget.value);
				if (found) onCopy(draftFrom(found.from, found.permission, op, draft));
			}}
		/>
	);
}

function FurtherRoles(props: { roles: string[]; value: string[]; onChange: (v: string[]) => void }) {
	if (props.roles.length === 0) return null;
	return (
		<details>
			<summary>
				{props.value.length
					? `Saved for ${props.value.length} further ${props.value.length === 1 ? 'role' : 'roles'}, too`
					: 'Save for further roles, too'}
			</summary>
			<fieldset className={`${classes.columns} ${classes.further}`} aria-label="Further roles">
				{props.roles.map((r) => (
					<Checkbox
						key={r}
						size="xs"
						label={r}
						checked={props.value.includes(r)}
						onChange={(e) =>
							props.onChange(e.currentTarget.checked ? [...props.value, r] : props.value.filter((x) => x !== r))
						}
					/>
				))}
			</fieldset>
		</details>
	);
}
