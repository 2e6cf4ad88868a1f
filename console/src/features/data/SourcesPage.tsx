import { Anchor, Badge, Button, Group, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { readJson } from '@/api/client';
import { useApply, useInconsistencies, useMetadata } from '@/api/hooks';
import { keys } from '@/api/keys';
import type { SourceMetadata } from '@/model/metadata';
import { ColumnHeads } from '@/ui/ColumnHeads';
import { confirm } from '@/ui/confirm';
import { ErrorView } from '@/ui/ErrorView';
import { IconRefresh } from '@/ui/icons';
import { notifyDone, notifyError } from '@/ui/notify';
import { Empty, Loading, Page } from '@/ui/Page';
import { plural } from '@/ui/plural';
import { schemaPath } from './paths';
import classes from './Section.module.css';

export default function SourcesPage() {
	const { data, error, refetch } = useMetadata();
	const broken = useInconsistencies().data?.inconsistent_objects.filter((o) => o.type === 'source') ?? [];
	if (error) return <ErrorView error={error} onRetry={refetch} />;
	if (!data) return <Loading />;
	const sources = data.metadata.sources;
	return (
		<Page title="Databases">
			{sources.length === 0 ? (
				<Empty title="No database is connected">
					Start the server with --database-url (HASURA_GRAPHQL_DATABASE_URL), or add a source by the metadata API
					(pg_add_source).
				</Empty>
			) : (
				<Table verticalSpacing="sm">
					<ColumnHeads names={['Name', 'Kind', 'Connection', 'Tracked', 'Database']} actions />
					<Table.Tbody>
						{sources.map((s) => (
							<SourceRow
								key={s.name}
								source={s}
								broken={broken.find((o) => o.name?.includes(s.name) || o.definition === s.name)?.reason}
							/>
						))}
					</Table.Tbody>
				</Table>
			)}
		</Page>
	);
}

/** Where the URL comes from; never the URL itself, which holds a password. */
function connection(s: SourceMetadata): string {
	const url = s.configuration.connection_info?.database_url as { from_env?: string } | string | undefined;
	if (typeof url === 'object' && url?.from_env) return `from ${url.from_env}`;
	return typeof url === 'string' ? 'a URL in the metadata' : 'parameters in the metadata';
}

function SourceRow({ source, broken }: { source: SourceMetadata; broken?: string }) {
	const apply = useApply();
	const facts = useQuery({
		queryKey: [...keys.catalog(source.name), 'facts'],
		queryFn: () =>
			readJson<{ version: string; size: string }>(
				`select json_build_object('version', current_setting('server_version'),
					'size', pg_size_pretty(pg_database_size(current_database())))`,
				{ source: source.name },
			),
		staleTime: 60_000,
	});
	const reload = async () => {
		try {
			await apply.mutateAsync({ ops: [{ type: 'reload_metadata', args: { reload_sources: [source.name] } }] });
			notifyDone(`${source.name} was read again.`);
		} catch (e) {
			notifyError(e);
		}
	};
	const remove = async () => {
		const yes = await confirm({
			title: `Remove ${source.name}?`,
			body: 'Its tables, relationships and permissions leave the metadata. The database itself is not touched.',
			action: 'Remove',
			danger: true,
			type: source.name,
		});
		if (!yes) return;
		apply.mutate(
			{ ops: [{ type: 'pg_drop_source', args: { name: source.name, cascade: true } }] },
			{ onError: (e) => notifyError(e) },
		);
	};
	return (
		<Table.Tr>
			<Table.Td>
				<Anchor component={Link} href={schemaPath(source.name, 'public')}>
					{source.name}
				</Anchor>
				{broken && (
					<Badge color="red.9" ml="xs" title={broken}>
						inconsistent
					</Badge>
				)}
			</Table.Td>
			<Table.Td>{source.kind}</Table.Td>
			<Table.Td style={{ overflowWrap: 'anywhere' }}>{connection(source)}</Table.Td>
			<Table.Td>
				{plural(source.tables.length, 'table')}, {plural(source.functions?.length ?? 0, 'function')}
			</Table.Td>
			<Table.Td>
				{facts.data ? (
					`PostgreSQL ${facts.data.version.split(' ')[0]}, ${facts.data.size}`
				) : (
					<Text size="sm" c={facts.error ? 'red' : 'dimmed'}>
						{facts.error ? facts.error.message : '…'}
					</Text>
				)}
			</Table.Td>
			<Table.Td>
				<Group gap="xs" justify="flex-end" className={classes.actions}>
					<Button
						size="compact-sm"
						variant="default"
						leftSection={<IconRefresh size={13} />}
						onClick={reload}
						loading={apply.isPending}
						aria-label={`Reload ${source.name}`}
					>
						Reload
					</Button>
					<Button size="compact-sm" variant="subtle" color="red" onClick={remove} aria-label={`Remove ${source.name}`}>
						Remove
					</Button>
				</Group>
			</Table.Td>
		</Table.Tr>
	);
}
