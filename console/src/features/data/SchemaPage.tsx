// The first screen of everybody: what of the database is not in the API yet, and which relationships its keys suggest.
import { Group, NativeSelect } from '@mantine/core';
import { useMemo } from 'react';
import { useLocation } from 'wouter';
import { useSource } from '@/api/hooks';
import { type CatalogFunction, frameworkOf, type Relation } from '@/model/catalog';
import { tableKey } from '@/model/metadata';
import { suggestRelationships } from '@/model/relationships';
import { useForeignKeys, useFunctions, useRelations, useSchemas } from '@/model/useCatalog';
import { ErrorView } from '@/ui/ErrorView';
import { Loading, Page } from '@/ui/Page';
import { FunctionsSection } from './FunctionsSection';
import { schemaPath, usePlace } from './paths';
import { SuggestionsSection } from './SuggestionsSection';
import { TrackedSection } from './TrackedSection';
import { UntrackedSection } from './UntrackedSection';

const NONE: never[] = [];

export default function SchemaPage() {
	const { source: name, schema } = usePlace();
	const source = useSource(name);
	const relations = useRelations(name);
	const schemas = useSchemas(name);
	const fks = useForeignKeys(name);
	const functions = useFunctions(name);
	const [, go] = useLocation();

	const tracked = useMemo(() => new Set(source?.tables.map((t) => tableKey(t.table))), [source]);
	const here = useMemo(
		() => (relations.data ?? NONE).filter((r: Relation) => r.schema === schema),
		[relations.data, schema],
	);
	const untracked = useMemo(() => here.filter((r) => !tracked.has(tableKey(r))), [here, tracked]);
	const framework = useMemo(() => frameworkOf(new Set(here.map((r) => r.name))), [here]);
	const suggestions = useMemo(
		() => (source && fks.data ? suggestRelationships(source, fks.data, (t) => t.schema === schema) : []),
		[source, fks.data, schema],
	);
	const schemaFunctions = useMemo(
		() => (functions.data ?? NONE).filter((f: CatalogFunction) => f.schema === schema),
		[functions.data, schema],
	);

	if (!source) return <Loading />;
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
			{relations.data && (
				<UntrackedSection
					key={`u ${schema}`}
					source={name}
					schema={schema}
					relations={untracked}
					framework={framework}
				/>
			)}
			{fks.error && <ErrorView error={fks.error} title="The foreign keys cannot be read" onRetry={fks.refetch} />}
			{fks.data && <SuggestionsSection key={`s ${schema}`} source={source} suggestions={suggestions} />}
			<TrackedSection key={`t ${schema}`} source={source} schema={schema} relations={here} />
			{functions.data && <FunctionsSection key={`f ${schema}`} source={source} functions={schemaFunctions} />}
		</Page>
	);
}
