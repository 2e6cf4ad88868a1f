import { Button, Group, TextInput } from '@mantine/core';
import { Suspense, useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { useInconsistencies, useMetadata, useTable } from '@/api/hooks';
import type { TableInfo } from '@/model/catalog';
import { type Inheritance, inheritanceOf, inheritedAccess, inheritedBy } from '@/model/inherited';
import { type Operation, permissionsOf, rolesOf, type TableMetadata } from '@/model/metadata';
import { type Access, accessOf, OPERATIONS } from '@/model/permissions';
import { useTableInfo } from '@/model/useCatalog';
import { ErrorView } from '@/ui/ErrorView';
import { IconCheck, IconCross, IconFilter, IconInherited } from '@/ui/icons';
import { later } from '@/ui/later';
import { Loading } from '@/ui/Page';
import { VirtualList } from '@/ui/VirtualList';
import { usePlace } from '../paths';
import { TableFrame } from '../TableFrame';
import classes from './Permissions.module.css';

const Editor = later(() => import('./Editor'));
const InheritedView = later(() => import('./InheritedView'));

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
	const [ownFor, setOwnFor] = useState('');
	const inconsistencies = useInconsistencies().data;
	const inheritance = useMemo(
		() => (data ? inheritanceOf(data.metadata, inconsistencies) : null),
		[data, inconsistencies],
	);
	const role = params.get('role');
	const op = params.get('op') as Operation | null;
	const roles = useMemo(() => {
		const known = data ? rolesOf(data.metadata) : [];
		return [...new Set([...known, ...draftRoles, ...(role ? [role] : [])])];
	}, [data, draftRoles, role]);
	const shown = useMemo(() => roles.filter((r) => r.includes(filter)), [roles, filter]);
	const columns = useMemo(() => info.data?.columns.map((c) => c.name) ?? [], [info.data]);
	const edit = (r: string, o: Operation) => {
		setOwnFor('');
		setParams({ role: r, op: o });
	};
	const isAdmin = newRole.trim() === 'admin';
	const add = () => {
		const name = newRole.trim();
		if (!name || isAdmin) return;
		setDraftRoles((all) => [...new Set([...all, name])]);
		setNewRole('');
		edit(name, 'select');
	};
	const form = (t: TableMetadata, facts: TableInfo, all: Inheritance, r: string, o: Operation) => {
		const own = permissionsOf(t, o).find((e) => e.role === r);
		const inherited = inheritedBy(all, source, t, o, r);
		const at = JSON.stringify([source, table, r, o]);
		return own || inherited.parts.length === 0 || ownFor === at ? (
			<Editor
				key={at}
				source={source}
				table={t}
				info={facts}
				role={r}
				op={o}
				roles={roles}
				inherited={inherited.parts.map((e) => e.role)}
				close={() => setParams({})}
			/>
		) : (
			<InheritedView
				role={r}
				op={o}
				inherited={inherited}
				onPart={(part) => edit(part, o)}
				onOwn={() => setOwnFor(at)}
				close={() => setParams({})}
			/>
		);
	};
	return (
		<TableFrame source={source} table={table} tab="permissions" needsTracked>
			{info.error && <ErrorView error={info.error} onRetry={info.refetch} />}
			{md && data && inheritance && info.data ? (
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
						<Legend inherited={inheritance.madeOf.size > 0} />
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
							render={(r) => (
								<RoleRow
									md={md}
									source={source}
									role={r}
									columns={columns}
									inheritance={inheritance}
									edit={edit}
									at={r === role ? op : null}
								/>
							)}
						/>
					</div>
					{role && op && OPERATIONS.includes(op) && (
						<Suspense fallback={<Loading />}>{form(md, info.data, inheritance, role, op)}</Suspense>
					)}
				</>
			) : (
				<Loading />
			)}
		</TableFrame>
	);
}

/** What a cell shows of a role, and says to who hears it. */
function cellOf(md: TableMetadata, i: Inheritance, source: string, op: Operation, role: string, columns: string[]) {
	const access = accessOf(md, op, role, columns);
	const { parts, conflict } = inheritedBy(i, source, md, op, role);
	const names = parts.map((p) => p.role).join(', ');
	if (parts.length === 0) return { access, icon: ACCESS[access].icon, text: ACCESS[access].text };
	if (access !== 'none')
		return { access, icon: ACCESS[access].icon, text: `${ACCESS[access].text}, in place of what ${names} would give` };
	if (conflict) return { access, icon: ACCESS.none.icon, text: `no access, as ${names} differ` };
	const given: Access = inheritedAccess(md, op, parts, columns);
	return { access: given, icon: <IconInherited />, text: `inherited from ${names}: ${ACCESS[given].text}` };
}

function RoleRow(props: {
	md: TableMetadata;
	source: string;
	role: string;
	columns: string[];
	inheritance: Inheritance;
	at: Operation | null;
	edit: (role: string, op: Operation) => void;
}) {
	const { md, role, inheritance } = props;
	const madeOf = inheritance.madeOf.get(role)?.join(' + ');
	return (
		<div className={classes.row}>
			<span className={classes.role} title={madeOf ? `${role} = ${madeOf}` : role}>
				{role}
				{madeOf && <span className={classes.madeOf}>= {madeOf}</span>}
			</span>
			{OPERATIONS.map((o) => {
				const cell = cellOf(md, inheritance, props.source, o, role, props.columns);
				return (
					<button
						key={o}
						type="button"
						className={`${classes.cell} ${classes[cell.access]}`}
						aria-label={`${role}: ${o}: ${cell.text}`}
						title={cell.text}
						aria-pressed={props.at === o}
						onClick={() => props.edit(role, o)}
					>
						{cell.icon}
					</button>
				);
			})}
		</div>
	);
}

function Legend({ inherited }: { inherited: boolean }) {
	return (
		<ul className={classes.legend}>
			{Object.entries(ACCESS).map(([key, { icon, text }]) => (
				<li key={key} className={classes[key as keyof typeof ACCESS]}>
					{icon} <span>{text}</span>
				</li>
			))}
			{inherited && (
				<li>
					<IconInherited /> <span>inherited</span>
				</li>
			)}
		</ul>
	);
}
