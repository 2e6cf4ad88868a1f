// Data › Migrations: the switch for schema changes by the console, and the project's migrations. `weir console` only.
import { Alert, Badge, Code, Select, Switch, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { cli } from '@/api/client';
import { useMetadata } from '@/api/hooks';
import { useSession } from '@/api/session';
import { ColumnHeads } from '@/ui/ColumnHeads';
import { ErrorView } from '@/ui/ErrorView';
import { notifyDone, notifyError } from '@/ui/notify';
import { Empty, Loading, Page } from '@/ui/Page';
import classes from './migrations.module.css';
import { dateOf, type MigrationStatus, newestFirst, stateOf, summary } from './model/status';

export default function MigrationsPage() {
	const cliMode = useSession((s) => s.config?.mode === 'cli');
	return <Page title="Migrations">{cliMode ? <Project /> : <Absent />}</Page>;
}

/** The server has no project to write files into. */
function Absent() {
	return (
		<Alert color="blue" variant="light" title="Migrations belong to a project, and this console is the server's own">
			<Text size="sm" mb="xs">
				A server has no files to write migrations into. Open the console from the project instead: then every change of
				the schema becomes a migration, and every change of the metadata is written into the project's files.
			</Text>
			<ul className={classes.list}>
				<li>
					<Code>weir init my-project --endpoint {location.origin}</Code> makes a project
				</li>
				<li>
					<Code>weir console</Code> in its folder opens this console, with the switch{' '}
					<em>Allow Postgres schema changes via console</em> on this page
				</li>
				<li>
					<Code>weir migrate status</Code> lists migrations without a console
				</li>
			</ul>
			<Text size="sm">Where a framework such as Django migrates the database, nothing is needed here.</Text>
		</Alert>
	);
}

function Project() {
	const config = useSession((s) => s.config);
	const setMode = useSession((s) => s.setMigrationMode);
	const client = useQueryClient();
	const settings = useQuery({ queryKey: ['migrations', 'settings'], queryFn: () => cli.settings() });
	const change = useMutation({
		mutationFn: (on: boolean) => cli.setMigrationMode(on),
		onSuccess: (_answer, on) => {
			setMode(on);
			notifyDone(on ? 'Schema changes become migrations.' : 'Schema changes via the console are off.');
			return client.invalidateQueries({ queryKey: ['migrations'] });
		},
		onError: (e) => notifyError(e),
	});
	const django = config?.migrationsOwner === 'django';
	const on = settings.data?.migration_mode === 'true';
	if (settings.error) return <ErrorView error={settings.error} onRetry={settings.refetch} />;
	return (
		<>
			{settings.isPending ? (
				<Loading />
			) : (
				<Switch
					mb="md"
					label="Allow Postgres schema changes via console"
					description={
						django
							? 'Django owns the migrations of this project (migrations_owner in config.yaml): change models, and run manage.py migrate.'
							: 'On: what the console changes in the schema is written as a migration. Off: for databases another tool migrates.'
					}
					checked={on}
					disabled={django || change.isPending}
					onChange={(e) => change.mutate(e.currentTarget.checked)}
				/>
			)}
			<Migrations />
		</>
	);
}

function Migrations() {
	const sources = useMetadata().data?.metadata.sources ?? [];
	const [chosen, setChosen] = useState<string | null>(null);
	const source = chosen ?? sources[0]?.name ?? 'default';
	const status = useQuery({
		queryKey: ['migrations', 'status', source],
		queryFn: () => cli.status(source) as Promise<MigrationStatus>,
		refetchOnWindowFocus: true,
	});
	return (
		<>
			{sources.length > 1 && (
				<Select
					mb="sm"
					w={260}
					label="Database"
					allowDeselect={false}
					data={sources.map((s) => s.name)}
					value={source}
					onChange={setChosen}
				/>
			)}
			{status.error ? (
				<ErrorView error={status.error} onRetry={status.refetch} />
			) : !status.data ? (
				<Loading what="Comparing files and database" />
			) : (
				<Listed status={status.data} />
			)}
		</>
	);
}

function Listed({ status }: { status: MigrationStatus }) {
	const rows = newestFirst(status.migrations);
	const django = useSession((s) => s.config?.migrationsOwner === 'django');
	if (rows.length === 0 && django)
		return (
			<Empty title="No migrations of this project">
				Django's are listed by <Code>manage.py showmigrations</Code>
			</Empty>
		);
	if (rows.length === 0)
		return (
			<Empty title="No migrations yet">
				Run a statement that changes the schema at Data › SQL as a migration, or make one:{' '}
				<Code>weir migrate create</Code>
			</Empty>
		);
	return (
		<>
			<Text size="sm" c="dimmed" mb="xs">
				{summary(rows)}
			</Text>
			<Table verticalSpacing="xs">
				<ColumnHeads names={['Version', 'Name', 'Made', 'Status']} />
				<Table.Tbody>
					{rows.map((m) => {
						const state = stateOf(m);
						return (
							<Table.Tr key={m.version}>
								<Table.Td>
									<Code>{m.version}</Code>
								</Table.Td>
								<Table.Td>{m.name}</Table.Td>
								<Table.Td>{dateOf(m.version)?.toLocaleString() ?? ''}</Table.Td>
								<Table.Td>
									<Badge color={state.colour} variant="dot" tt="none">
										{state.label}
									</Badge>
									{state.advice && (
										<Text size="xs" c="dimmed">
											{state.advice}
										</Text>
									)}
								</Table.Td>
							</Table.Tr>
						);
					})}
				</Table.Tbody>
			</Table>
		</>
	);
}
