// The first screen of everybody: what of the database is not in the API yet, and which relationships its keys suggest.
import { Group, NativeSelect } from '@mantine/core';
import { useMemo } from 'react';
import { Link, useLocation } from 'wouter';
import { useMetadata, useSource } from '@/api/hooks';
import { type CatalogFunction, frameworkOf, type Relation } from '@/model/catalog';
import { type SourceMetadata, tableKey } from '@/model/metadata';
import { suggestRelationships } from '@/model/relationships';
import { useForeignKeys, useFunctions, useRelations, useSchemas } from '@/model/useCatalog';
import { ErrorView } from '@/ui/ErrorView';
import { Empty, Loading, Page } from '@/ui/Page';
import { FunctionsSection } from './FunctionsSection';
import { schemaPath, usePlace } from './paths';
import { SuggestionsSection } from './SuggestionsSection';
import { TrackedSection } from './TrackedSection';
import { UntrackedSection } from './UntrackedSection';

const NONE: never[] = [];

export default function SchemaPage() {
	const { source: name, schema } = usePlace();
	const metadata = useMetadata();
	const source = useSource(name);
	if (metadata.error) return <ErrorView error={metadata.error} onRetry={metadata.refetch} />;
	if (!metadata.data) return <Loading />;
	if (source) return <Schema source={source} schema={schema} />;
	return (
		<Page title={schema} crumbs={[{ label: 'Data', href: '/data/manage' }, { label: name }]}>
			<Empty title={`There is no database ${name}`}>
				<Link href="/data/manage">Databases</Link> lists those that are connected.
			</Empty>
		</Page>
	);
}

function Schema({ source, schema }: { source: SourceMetadata; schema: string }) {
	const name = source.name;
	const relations = useRelations(name);
	const schemas = useSchemas(name);
	const fks = useForeignKeys(name);
	const functions = useFunctions(name);
	const [, go] = useLocation();

	const tracked = useMemo(() => new Set(source.tables.map((t) => tableKey(t.table))), [source]);
	const here = useMemo(
		() => (relations.data ?? NONE).filter((r: Relation) => r.schema === schema),
		[relations.data, schema],
	);
	const untracked = useMemo(() => here.filter((r) => !tracked.has(tableKey(r))), [here, tracked]);
	const framework = useMemo(() => frameworkOf(new Set(here.map((r) => r.name))), [here]);
	const suggestions = useMemo(
		() => (fks.data ? suggestRelationships(source, fks.data, (t) => t.schema === schema) : []),
		[source, fks.data, schema],
	);
	const schemaFunctions = useMemo(
		() => (functions.data ?? NONE).filter((f: CatalogFunction) => f.schema === schema),
		[functions.data, schema],
	);

	const missing = schemas.data !== undefined && !schemas.data.includes(schema);
	const options = [...new Set([schema, ...(schemas.data ?? [])])];
	return (
		<Page
			title={schema}
			crumbs={[{ label: 'Data', href: '/data/manage' }, { label: name }]}
			actions={
				<Group gap="xs">
					<NativeSelect
						aria-label="Schema"
						size="xs"
						value={schema}
						data={options}
						onChange={(e) => go(schemaPath(name, e.currentTarget.value))}
					/>
				</Group>
			}
		>
			{relations.error && (
				<ErrorView error={relations.error} title="The catalog cannot be read" onRetry={relations.refetch} />
			)}
			{relations.isPending && <Loading what="Reading the catalog" />}
			{missing && (
				<Empty title={`There is no schema ${schema} in ${name}`}>Those that are there can be chosen above.</Empty>
			)}
			{relations.data && !missing && (
				<UntrackedSection
					key={`u ${schema}`}
					source={name}
					schema={schema}
					relations={untracked}
					none={here.length === 0}
					framework={framework}
				/>
			)}
			{fks.error && <ErrorView error={fks.error} title="The foreign keys cannot be read" onRetry={fks.refetch} />}
			{fks.data && !missing && <SuggestionsSection key={`s ${schema}`} source={source} suggestions={suggestions} />}
			<TrackedSection key={`t ${schema}`} source={source} schema={schema} relations={here} />
			{functions.data && !missing && (
				<FunctionsSection key={`f ${schema}`} source={source} functions={schemaFunctions} />
			)}
		</Page>
	);
}
