// What runs here and how it is set up, without anything secret.
import { Alert, Badge, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ServerFacts } from '@/api/client';
import { useMetadata, useServerFacts } from '@/api/hooks';
import { type ConsoleConfig, environmentColour, serverUrl, useSession } from '@/api/session';
import { ErrorView } from '@/ui/ErrorView';
import { Loading, Page } from '@/ui/Page';

function yesNo(value: unknown): ReactNode {
	return (
		<Badge color={value ? 'teal' : 'gray'} variant="dot" tt="none">
			{value ? 'yes' : 'no'}
		</Badge>
	);
}

function factRows(facts: ServerFacts): [string, ReactNode][] {
	return [
		['Admin secret set', yesNo(facts.is_admin_secret_set)],
		['Authentication hook', yesNo(facts.is_auth_hook_set)],
		['JSON web tokens', yesNo(facts.is_jwt_set)],
		['Allow list', yesNo(facts.is_allow_list_enabled)],
		['Permissions of functions inferred from their tables', yesNo(facts.is_function_permissions_inferred)],
		['Naming convention', facts.default_naming_convention],
		['Experimental features', facts.experimental_features?.join(', ') || 'none'],
	];
}

function environmentText(config: ConsoleConfig | null): string {
	const { name, color } = config?.environment ?? {};
	const said = name ?? 'not named (--console-environment)';
	return color && !environmentColour(config) ? `${said}; its colour, ${color}, is none the browser knows` : said;
}

export default function AboutPage() {
	const config = useSession((s) => s.config);
	const facts = useServerFacts();
	const { data } = useMetadata();
	const sources = data?.metadata.sources ?? [];
	const rows: [string, ReactNode][] = [
		['Server', facts.data?.version ?? config?.serverVersion ?? ''],
		['Address', config?.endpoint ?? serverUrl('').replace(/\/$/, '')],
		['Console', config?.mode === 'cli' ? 'of the command line: changes go into the project’s files' : 'of the server'],
		['Environment', environmentText(config)],
		['Databases', sources.map((s) => s.name).join(', ') || 'none'],
		['Tracked tables', sources.reduce((n, s) => n + s.tables.length, 0).toLocaleString('en')],
		['Metadata version', data?.resource_version ?? ''],
		...(facts.data ? factRows(facts.data) : []),
	];
	return (
		<Page title="About Weir">
			{config && !(config.secured ?? config.adminSecretRequired) && (
				<Alert color="orange" variant="light" mb="md" maw={760} title="This server is not secured">
					No admin secret is set: everybody who reaches the server is admin, and may read and change all of it. Start it
					with --admin-secret (HASURA_GRAPHQL_ADMIN_SECRET).
				</Alert>
			)}
			{facts.isPending && <Loading />}
			{facts.error && <ErrorView error={facts.error} onRetry={facts.refetch} />}
			<Table maw={760} variant="vertical" layout="fixed">
				<Table.Tbody>
					{rows.map(([name, value]) => (
						<Table.Tr key={name}>
							<Table.Th w={300} scope="row">
								{name}
							</Table.Th>
							<Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
						</Table.Tr>
					))}
				</Table.Tbody>
			</Table>
		</Page>
	);
}
