import { Button, Group, TextInput } from '@mantine/core';
import { lazy, Suspense, useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { useMetadata, useTable } from '@/api/hooks';
import { type Operation, permissionsOf, rolesOf, type TableMetadata } from '@/model/metadata';
import { accessOf, OPERATIONS } from '@/model/permissions';
import { useTableInfo } from '@/model/useCatalog';
import { ErrorView } from '@/ui/ErrorView';
import { IconCheck, IconCross, IconFilter } from '@/ui/icons';
import { Loading } from '@/ui/Page';
import { VirtualList } from '@/ui/VirtualList';
import { usePlace } from '../paths';
import { TableFrame } from '../TableFrame';
import classes from './Permissions.module.css';

const Editor = lazy(() => import('./Editor'));

const ACCESS = {
	none: { icon: <IconCross />, text: 'no access' },
	part: { icon: <IconFilter />, text: 'some rows or columns' },
	full: { icon: <IconCheck />, text: 'full access' },
};

/** Role × operation; the cell that is being edited stands in the address: ?role=user&op=select. */
export default function PermissionsPage() {
	const { source, table } = usePlace();
	const { data } = useMetadata();
	const md = useTable(source, table.schema, table.name);
	const info = useTableInfo(source, table);
	const [params, setParams] = useSearchParams();
	const [filter, setFilter] = useState('');
	const [draftRoles, setDraftRoles] = useState<string[]>([]);
	const [newRole, setNewRole] = useState('');
	const role = params.get('role');
	const op = params.get('op') as Operation | null;
	const roles = useMemo(() => {
		const known = data ? rolesOf(data.metadata) : [];
		return [...new Set([...known, ...draftRoles, ...(role ? [role] : [])])];
	}, [data, draftRoles, role]);
	const shown = useMemo(() => roles.filter((r) => r.includes(filter)), [roles, filter]);
	const columns = useMemo(() => info.data?.columns.map((c) => c.name) ?? [], [info.data]);
	const edit = (r: string, o: Operation) => setParams({ role: r, op: o });
	const isAdmin = newRole.trim() === 'admin';
	const add = () => {
		const name = newRole.trim();
		if (!name || isAdmin) return;
		setDraftRoles((all) => [...new Set([...all, name])]);
		setNewRole('');
		edit(name, 'select');
	};
	return (
		<TableFrame source={source} table={table} tab="permissions" needsTracked>
			{info.error && <ErrorView error={info.error} onRetry={info.refetch} />}
			{md && data && info.data ? (
				<>
					<form
						className={classes.bar}
						onSubmit={(e) => {
							e.preventDefault();
							add();
						}}
					>
						<Group gap="xs" align="flex-end">
							<TextInput
								size="xs"
								label="New role"
								placeholder="user"
								value={newRole}
								error={isAdmin && 'admin may do everything, always'}
								onChange={(e) => setNewRole(e.currentTarget.value)}
							/>
							<Button size="xs" type="submit" variant="default" disabled={!newRole.trim() || isAdmin}>
								Add role
							</Button>
							{(roles.length > 8 || filter) && (
								<TextInput
									size="xs"
									label="Find a role"
									value={filter}
									onChange={(e) => setFilter(e.currentTarget.value)}
								/>
							)}
						</Group>
						<Legend />
					</form>
					<div className={classes.matrix}>
						<div className={`${classes.row} ${classes.headRow}`}>
							<span className={classes.role}>role</span>
							{OPERATIONS.map((o) => (
								<span key={o} className={classes.head}>
									{o}
								</span>
							))}
						</div>
						<div className={classes.row}>
							<span className={classes.role}>admin</span>
							{OPERATIONS.map((o) => (
								<span key={o} className={`${classes.cell} ${classes.full}`} title={`admin: ${o}: full access, always`}>
									<IconCheck />
								</span>
							))}
						</div>
						<VirtualList
							label="Roles"
							items={shown}
							rowHeight={36}
							maxHeight={Math.min(Math.max(shown.length, 1), 14) * 36 + 1}
							keyOf={(r) => r}
							render={(r) => <RoleRow md={md} role={r} columns={columns} edit={edit} at={r === role ? op : null} />}
						/>
					</div>
					{role && op && OPERATIONS.includes(op) && (
						<Suspense fallback={<Loading />}>
							<Editor
								key={JSON.stringify([source, table, role, op, permissionsOf(md, op).find((e) => e.role === role)])}
								source={source}
								table={md}
								info={info.data}
								role={role}
								op={op}
								roles={roles}
								close={() => setParams({})}
							/>
						</Suspense>
					)}
				</>
			) : (
				<Loading />
			)}
		</TableFrame>
	);
}

function RoleRow(props: {
	md: TableMetadata;
	role: string;
	columns: string[];
	at: Operation | null;
	edit: (role: string, op: Operation) => void;
}) {
	const { md, role, columns } = props;
	return (
		<div className={classes.row}>
			<span className={classes.role} title={role}>
				{role}
			</span>
			{OPERATIONS.map((o) => {
				const access = accessOf(md, o, role, columns);
				return (
					<button
						key={o}
						type="button"
						className={`${classes.cell} ${classes[access]}`}
						aria-label={`${role}: ${o}: ${ACCESS[access].text}`}
						aria-pressed={props.at === o}
						onClick={() => props.edit(role, o)}
					>
						{ACCESS[access].icon}
					</button>
				);
			})}
		</div>
	);
}

function Legend() {
	return (
		<ul className={classes.legend}>
			{Object.entries(ACCESS).map(([key, { icon, text }]) => (
				<li key={key} className={classes[key as keyof typeof ACCESS]}>
					{icon} <span>{text}</span>
				</li>
			))}
		</ul>
	);
}
