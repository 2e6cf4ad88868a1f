// Inherited roles: a role that may what any of its roles may.
import { Badge, Button, Group, MultiSelect, Table, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useApply, useMetadata } from '@/api/hooks';
import { rolesOf } from '@/model/metadata';
import { ColumnHeads } from '@/ui/ColumnHeads';
import { confirm } from '@/ui/confirm';
import { ErrorView } from '@/ui/ErrorView';
import { notifyDone, notifyError } from '@/ui/notify';
import { Empty, Loading, Page } from '@/ui/Page';

interface Role {
	role_name: string;
	role_set: string[];
}

export default function RolesPage() {
	const { data, error, refetch } = useMetadata();
	const [edited, setEdited] = useState<Role | null>(null);
	if (error)
		return (
			<Page title="Inherited roles">
				<ErrorView error={error} onRetry={refetch} />
			</Page>
		);
	if (!data) return <Loading />;
	const roles = data.metadata.inherited_roles ?? [];
	return (
		<Page title="Inherited roles">
			<Text size="sm" c="dimmed" mb="md" maw={680}>
				An inherited role may what any of its roles may: rows by “or”, columns of each. A permission of its own on a
				table takes the place of the inherited one.
			</Text>
			{roles.length === 0 ? (
				<Empty title="No inherited roles yet">
					{rolesOf(data.metadata).length === 0 &&
						'There are no roles at all: a role begins with its first permission, at Data, on the page of a table.'}
				</Empty>
			) : (
				<Table maw={760} verticalSpacing="xs">
					<ColumnHeads names={['Role', 'Made of']} actions />
					<Table.Tbody>
						{roles.map((r) => (
							<RoleRow key={r.role_name} role={r} onEdit={() => setEdited(r)} />
						))}
					</Table.Tbody>
				</Table>
			)}
			<RoleForm
				key={edited?.role_name ?? ''}
				role={edited}
				known={rolesOf(data.metadata)}
				taken={roles.map((r) => r.role_name)}
				onDone={() => setEdited(null)}
			/>
		</Page>
	);
}

function RoleRow({ role, onEdit }: { role: Role; onEdit: () => void }) {
	const apply = useApply();
	const remove = async () => {
		const yes = await confirm({
			title: `Delete ${role.role_name}?`,
			body: 'Requests with this role see nothing then, but for permissions of its own. Its roles stay.',
			action: 'Delete',
			danger: true,
		});
		if (yes)
			apply.mutate(
				{ ops: [{ type: 'drop_inherited_role', args: { role_name: role.role_name } }] },
				{ onError: (e) => notifyError(e) },
			);
	};
	return (
		<Table.Tr>
			<Table.Td>{role.role_name}</Table.Td>
			<Table.Td>
				<Group gap={4}>
					{role.role_set.map((r) => (
						<Badge key={r} variant="default" tt="none">
							{r}
						</Badge>
					))}
				</Group>
			</Table.Td>
			<Table.Td>
				<Group gap="xs" justify="flex-end" wrap="nowrap">
					<Button size="compact-sm" variant="default" aria-label={`Edit ${role.role_name}`} onClick={onEdit}>
						Edit
					</Button>
					<Button
						size="compact-sm"
						variant="subtle"
						color="red"
						aria-label={`Delete ${role.role_name}`}
						onClick={remove}
					>
						Delete
					</Button>
				</Group>
			</Table.Td>
		</Table.Tr>
	);
}

function RoleForm(props: { role: Role | null; known: string[]; taken: string[]; onDone: () => void }) {
	const apply = useApply();
	const [name, setName] = useState(props.role?.role_name ?? '');
	const [set, setSet] = useState<string[]>(props.role?.role_set ?? []);
	const isNew = props.role === null;
	const wrong =
		name === 'admin'
			? '“admin” may everything already'
			: isNew && props.taken.includes(name)
				? 'There is one of this name'
				: null;
	const save = async () => {
		const args = { role_name: name, role_set: set };
		const drop = { type: 'drop_inherited_role', args: { role_name: name } };
		try {
			await apply.mutateAsync({ ops: [...(isNew ? [] : [drop]), { type: 'add_inherited_role', args }] });
			notifyDone(`${name} is made of ${set.join(', ')}.`);
			setName('');
			setSet([]);
			props.onDone();
		} catch (e) {
			notifyError(e);
		}
	};
	return (
		<form
			onSubmit={(e) => {
				e.preventDefault();
				save();
			}}
		>
			<Group mt="lg" align="flex-end" gap="sm">
				<TextInput
					label={isNew ? 'New role' : 'Role'}
					value={name}
					disabled={!isNew}
					error={wrong}
					onChange={(e) => setName(e.currentTarget.value)}
				/>
				<MultiSelect
					label="Made of"
					miw={320}
					searchable
					placeholder={set.length === 0 ? 'Two roles or more' : undefined}
					data={props.known.filter((r) => r !== name)}
					value={set}
					onChange={setSet}
				/>
				<Button
					type="submit"
					loading={apply.isPending}
					disabled={name.trim() === '' || set.length === 0 || wrong !== null}
				>
					{isNew ? 'Add' : 'Save'}
				</Button>
				{!isNew && (
					<Button variant="default" onClick={props.onDone}>
						Cancel
					</Button>
				)}
			</Group>
		</form>
	);
}
