// Headers of the requests: tick, key, value, hide; profiles by name.
import { ActionIcon, Button, Checkbox, Group, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useSession } from '@/api/session';
import { IconPlus, IconTrash, IconUser, IconView } from '@/ui/icons';
import { RemoveButton } from '@/ui/RemoveButton';
import classes from './explorer.module.css';
import { isSecretHeader } from './model/exportCode';
import { type HeaderRow, headerNameOk, nextId, withVariables } from './model/headers';
import { useExplorer } from './store';

export function HeadersTable({ wanted }: { wanted: string[] }) {
	const { rows, asAdmin, set } = useExplorer();
	const secret = useSession((s) => s.secret);
	const [profiles, setProfiles] = useState(false);
	const change = (id: number, part: Partial<HeaderRow>) =>
		set({ rows: rows.map((r) => (r.id === id ? { ...r, ...part } : r)) });
	const keys = new Set(rows.map((r) => r.key.trim().toLowerCase()));
	const missing = wanted.filter((w) => !keys.has(w));
	return (
		<div className={classes.pad}>
			<table className={classes.headers}>
				<caption className="mantine-visually-hidden" hidden>
					Headers of the requests
				</caption>
				<thead>
					<tr>
						<th scope="col" aria-label="Sent" />
						<th scope="col">Header</th>
						<th scope="col">Value</th>
						<th scope="col" aria-label="Actions" />
					</tr>
				</thead>
				<tbody>
					{secret && (
						<tr>
							<td>
								<Checkbox
									size="xs"
									aria-label="Send the admin secret"
									checked={asAdmin}
									onChange={(e) => set({ asAdmin: e.currentTarget.checked })}
								/>
							</td>
							<td>x-hasura-admin-secret</td>
							<td>
								<Text size="xs" c="dimmed">
									the secret you logged in with
								</Text>
							</td>
							<td />
						</tr>
					)}
					{rows.map((r) => (
						<tr key={r.id}>
							<td>
								<Checkbox
									size="xs"
									aria-label={`Send ${r.key || 'this header'}`}
									checked={r.on}
									onChange={(e) => change(r.id, { on: e.currentTarget.checked })}
								/>
							</td>
							<td>
								<TextInput
									size="xs"
									aria-label="Header name"
									placeholder="x-hasura-user-id"
									value={r.key}
									error={r.key !== '' && !headerNameOk(r.key.trim())}
									onChange={(e) => change(r.id, { key: e.currentTarget.value })}
								/>
							</td>
							<td>
								<TextInput
									size="xs"
									aria-label={`Value of ${r.key || 'the header'}`}
									type={(r.hidden ?? isSecretHeader(r.key)) ? 'password' : 'text'}
									autoComplete="off"
									value={r.value}
									onChange={(e) => change(r.id, { value: e.currentTarget.value })}
								/>
							</td>
							<td>
								<Group gap={2} wrap="nowrap">
									<ActionIcon
										size="sm"
										variant="subtle"
										color="gray"
										aria-label={`Hide or show the value of ${r.key || 'the header'}`}
										aria-pressed={r.hidden ?? isSecretHeader(r.key)}
										onClick={() => change(r.id, { hidden: !(r.hidden ?? isSecretHeader(r.key)) })}
									>
										<IconView size={14} />
									</ActionIcon>
									<RemoveButton
										label={`Remove ${r.key || 'the header'}`}
										onClick={() => set({ rows: rows.filter((x) => x.id !== r.id) })}
									/>
								</Group>
							</td>
						</tr>
					))}
				</tbody>
			</table>
			<Group gap="xs" mt="xs">
				<Button
					size="compact-xs"
					variant="default"
					leftSection={<IconPlus size={12} />}
					onClick={() => set({ rows: [...rows, { id: nextId(rows), on: true, key: '', value: '' }] })}
				>
					Header
				</Button>
				{missing.length > 0 && (
					<Button size="compact-xs" variant="light" onClick={() => set({ rows: withVariables(rows, missing) })}>
						Add {missing.join(', ')}
					</Button>
				)}
				<Button
					size="compact-xs"
					variant="default"
					leftSection={<IconUser size={12} />}
					aria-expanded={profiles}
					onClick={() => setProfiles(!profiles)}
				>
					Profiles
				</Button>
			</Group>
			{profiles && <Profiles />}
		</div>
	);
}

/** Headers under a name, as “user 2”: chosen, forgotten, saved. */
function Profiles() {
	const { profiles, set, saveProfile, removeProfile } = useExplorer();
	const [name, setName] = useState('');
	return (
		<div className={classes.profiles}>
			{profiles.map((p) => (
				<Group key={p.name} gap={4} wrap="nowrap">
					<Button
						size="compact-xs"
						variant="default"
						aria-label={`Use the headers of ${p.name}`}
						onClick={() => set({ rows: p.rows, asAdmin: p.asAdmin })}
					>
						{p.name}
					</Button>
					<ActionIcon
						size="sm"
						variant="subtle"
						color="gray"
						aria-label={`Forget the profile ${p.name}`}
						onClick={() => removeProfile(p.name)}
					>
						<IconTrash size={14} />
					</ActionIcon>
				</Group>
			))}
			<form
				onSubmit={(e) => {
					e.preventDefault();
					if (name.trim()) saveProfile(name.trim());
					setName('');
				}}
			>
				<Group gap={4}>
					<TextInput
						size="xs"
						aria-label="Name of the profile"
						placeholder="Save these headers as “user 2”"
						w={220}
						value={name}
						onChange={(e) => setName(e.currentTarget.value)}
					/>
					<Button size="xs" variant="default" type="submit" disabled={!name.trim()}>
						Save
					</Button>
				</Group>
			</form>
		</div>
	);
}
