import { ActionIcon, Badge, Button, Group, NativeSelect, Table, Text, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { asApiError } from '@/api/errors';
import { useApply, useSource, useTable } from '@/api/hooks';
import { type QualifiedName, type SourceMetadata, tableKey, tableLabel } from '@/model/metadata';
import { type RelationshipRow, relationshipRows, suggestRelationships } from '@/model/relationships';
import { useForeignKeys, useTableInfo } from '@/model/useCatalog';
import { ColumnHeads } from '@/ui/ColumnHeads';
import { confirm } from '@/ui/confirm';
import { IconEdit, IconPlus, IconTrash } from '@/ui/icons';
import { notifyDone, notifyError } from '@/ui/notify';
import { Empty, Loading } from '@/ui/Page';
import { RemoveButton } from '@/ui/RemoveButton';
import { usePlace } from './paths';
import { Section } from './Section';
import { SuggestionsSection } from './SuggestionsSection';
import { TableFrame } from './TableFrame';
import { TableSelect } from './TableSelect';

export default function RelationshipsPage() {
	const { source: name, table } = usePlace();
	const source = useSource(name);
	const md = useTable(name, table.schema, table.name);
	const fks = useForeignKeys(name);
	const key = tableKey(table);
	const suggestions = useMemo(
		() => (source && fks.data ? suggestRelationships(source, fks.data, (t) => tableKey(t) === key) : []),
		[source, fks.data, key],
	);
	return (
		<TableFrame source={name} table={table} tab="relationships" needsTracked>
			{source && md && fks.data ? (
				<>
					<Existing source={name} table={table} rows={relationshipRows(md, fks.data)} />
					<SuggestionsSection source={source} suggestions={suggestions} />
					<Manual key={key} source={source} table={table} />
				</>
			) : (
				<Loading />
			)}
		</TableFrame>
	);
}

function Existing({ source, table, rows }: { source: string; table: QualifiedName; rows: RelationshipRow[] }) {
	const apply = useApply();
	const [editing, setEditing] = useState<{ name: string; value: string } | null>(null);
	const rename = async () => {
		const newName = editing?.value.trim();
		if (!editing || !newName || newName === editing.name) return setEditing(null);
		try {
			await apply.mutateAsync({
				ops: [{ type: 'pg_rename_relationship', args: { source, table, name: editing.name, new_name: newName } }],
			});
			notifyDone(`${editing.name} is ${newName} now; permissions that use it were rewritten.`);
			setEditing(null);
		} catch (e) {
			notifyError(e, 'Not renamed');
		}
	};
	const remove = async (row: RelationshipRow) => {
		const yes = await confirm({
			title: `Delete the relationship ${row.name}?`,
			body: 'Queries that use it stop working. Rows and foreign keys stay as they are.',
			action: 'Delete',
			danger: true,
		});
		if (!yes) return;
		const drop = async (cascade: boolean) => {
			await apply.mutateAsync({
				ops: [{ type: 'pg_drop_relationship', args: { source, table, relationship: row.name, cascade } }],
			});
			notifyDone(`${row.name} was deleted.`);
		};
		try {
			await drop(false).catch(async (e) => {
				const what = asApiError(e);
				if (what.code !== 'dependency-error') throw e;
				const withThem = await confirm({
					title: `Delete what uses ${row.name}, too?`,
					body: `Nothing was deleted: ${what.message}.`,
					action: 'Delete all of it',
					danger: true,
				});
				if (withThem) await drop(true);
			});
		} catch (e) {
			notifyError(e, 'Not deleted');
		}
	};
	return (
		<Section title="Relationships">
			{rows.length === 0 ? (
				<Empty title="None yet">Add a suggested one, or make one by hand below.</Empty>
			) : (
				<Table>
					<ColumnHeads names={['Name', 'Type', 'To', 'Columns', 'By']} actions />
					<Table.Tbody>
						{rows.map((r) => (
							<Table.Tr key={r.name}>
								<Table.Td>
									{editing?.name === r.name ? (
										<TextInput
											size="xs"
											aria-label={`New name of ${r.name}`}
											value={editing.value}
											autoFocus
											readOnly={apply.isPending}
											onChange={(e) => setEditing({ name: r.name, value: e.currentTarget.value })}
											onKeyDown={(e) => {
												if (e.key === 'Enter') rename();
												if (e.key === 'Escape') setEditing(null);
											}}
											// Queries use the name: only Enter changes it.
											onBlur={() => apply.isPending || setEditing(null)}
										/>
									) : (
										<Text size="sm" fw={500}>
											{r.name}
										</Text>
									)}
								</Table.Td>
								<Table.Td>
									<Badge variant="light" miw="max-content" color={r.kind === 'object' ? 'violet' : 'blue'}>
										{r.kind}
									</Badge>
								</Table.Td>
								<Table.Td>{r.remote ? tableLabel(r.remote) : '?'}</Table.Td>
								<Table.Td>{r.mapping.map(([a, b]) => `${a} → ${b}`).join(', ')}</Table.Td>
								<Table.Td>{r.how}</Table.Td>
								<Table.Td>
									<Group gap={4} justify="flex-end" wrap="nowrap">
										<ActionIcon
											variant="subtle"
											color="gray"
											aria-label={`Rename ${r.name}`}
											onClick={() => setEditing({ name: r.name, value: r.name })}
										>
											<IconEdit />
										</ActionIcon>
										<ActionIcon variant="subtle" color="red" aria-label={`Delete ${r.name}`} onClick={() => remove(r)}>
											<IconTrash />
										</ActionIcon>
									</Group>
								</Table.Td>
							</Table.Tr>
						))}
					</Table.Tbody>
				</Table>
			)}
		</Section>
	);
}

/** A relationship without a foreign key: to views, or where columns merely mean the same. */
function Manual({ source, table }: { source: SourceMetadata; table: QualifiedName }) {
	const apply = useApply();
	const tables = useMemo(() => source.tables.map((t) => t.table), [source]);
	const [kind, setKind] = useState<'object' | 'array'>('object');
	const [name, setName] = useState('');
	const [target, setTarget] = useState(tableKey(table));
	const [pairs, setPairs] = useState<[string, string][]>([['', '']]);
	const remote = tables.find((t) => tableKey(t) === target) ?? table;
	const here = useTableInfo(source.name, table).data;
	const there = useTableInfo(source.name, remote).data;
	const twice = pairs.map(([a]) => a).find((a, i, all) => a !== '' && all.indexOf(a) !== i);
	const ready = name.trim() !== '' && twice === undefined && pairs.every(([a, b]) => a !== '' && b !== '');
	const add = async () => {
		try {
			await apply.mutateAsync({
				ops: [
					{
						type: `pg_create_${kind}_relationship`,
						args: {
							source: source.name,
							table,
							name: name.trim(),
							using: { manual_configuration: { remote_table: remote, column_mapping: Object.fromEntries(pairs) } },
						},
					},
				],
			});
			notifyDone(`${name} was added.`);
			setName('');
			setPairs([['', '']]);
		} catch (e) {
			notifyError(e, 'Not added');
		}
	};
	const columns = (list: { name: string }[] | undefined) => [
		{ value: '', label: '(column)' },
		...(list ?? []).map((c) => ({ value: c.name, label: c.name })),
	];
	const setPair = (i: number, side: 0 | 1, value: string) =>
		setPairs((all) => all.map((p, n) => (n === i ? (side === 0 ? [value, p[1]] : [p[0], value]) : p)));
	return (
		<Section title="By hand" hint="Where no foreign key says it: views, or columns that mean the same.">
			<form
				onSubmit={(e) => {
					e.preventDefault();
					if (ready) add();
				}}
			>
				<Group align="flex-end" gap="sm">
					<NativeSelect
						label="Type"
						value={kind}
						data={[
							{ value: 'object', label: 'object (one row)' },
							{ value: 'array', label: 'array (many rows)' },
						]}
						onChange={(e) => setKind(e.currentTarget.value as 'object' | 'array')}
					/>
					<TextInput label="Name" value={name} onChange={(e) => setName(e.currentTarget.value)} />
					<TableSelect
						label="To table"
						tables={tables}
						value={target}
						onChange={(t) => {
							setTarget(tableKey(t));
							setPairs((all) => all.map(([a]) => [a, '']));
						}}
					/>
				</Group>
				{pairs.map(([a, b], i) => (
					<Group key={i} mt="xs" gap="xs">
						<NativeSelect
							aria-label={`Column ${i + 1} of ${table.name}`}
							value={a}
							data={columns(here?.columns)}
							onChange={(e) => setPair(i, 0, e.currentTarget.value)}
						/>
						<span aria-hidden="true">→</span>
						<NativeSelect
							aria-label={`Column ${i + 1} of ${remote.name}`}
							value={b}
							data={columns(there?.columns)}
							onChange={(e) => setPair(i, 1, e.currentTarget.value)}
						/>
						{pairs.length > 1 && (
							<RemoveButton
								label={`Remove pair ${i + 1}`}
								onClick={() => setPairs((all) => all.filter((_, n) => n !== i))}
							/>
						)}
					</Group>
				))}
				{twice !== undefined && (
					<Text mt="xs" size="sm" c="red" role="alert">
						{twice} is there twice: it can be joined to one column only.
					</Text>
				)}
				<Group mt="sm" gap="xs">
					<Button
						size="xs"
						variant="default"
						leftSection={<IconPlus size={12} />}
						onClick={() => setPairs((all) => [...all, ['', '']])}
					>
						Further columns
					</Button>
					<Button size="xs" type="submit" disabled={!ready} loading={apply.isPending}>
						Add relationship
					</Button>
				</Group>
			</form>
		</Section>
	);
}
