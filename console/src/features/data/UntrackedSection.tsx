import { Anchor, Button, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import { useApply } from '@/api/hooks';
import type { Relation } from '@/model/catalog';
import { type QualifiedName, tableKey } from '@/model/metadata';
import { IconTable, IconView } from '@/ui/icons';
import { notifyDone, notifyError, notifyWarning } from '@/ui/notify';
import { Empty } from '@/ui/Page';
import { VirtualList } from '@/ui/VirtualList';
import { tablePath } from './paths';
import { Section } from './Section';
import classes from './Section.module.css';

interface TrackAnswer {
	message?: string;
	warnings?: { message: string; name: string }[];
}

/** Many tables are one call and one new schema. */
function useTrack(source: string) {
	const apply = useApply();
	const client = useQueryClient();
	return {
		busy: apply.isPending,
		track: async (tables: QualifiedName[]) => {
			const name = ({ schema, name }: QualifiedName) => ({ schema, name });
			try {
				const answer = (await apply.mutateAsync({
					ops: [
						tables.length === 1 && tables[0]
							? { type: 'pg_track_table', args: { source, table: name(tables[0]) } }
							: {
									type: 'pg_track_tables',
									args: { allow_warnings: true, tables: tables.map((t) => ({ source, table: name(t) })) },
								},
					],
				})) as TrackAnswer | null;
				const failed = answer?.warnings?.length ?? 0;
				if (failed)
					notifyWarning(answer?.warnings?.map((w) => w.message).join('; ') ?? '', `${failed} could not be tracked`);
				else
					notifyDone(tables.length === 1 ? `${tables[0]?.name} is tracked.` : `${tables.length} tables are tracked.`);
				client.invalidateQueries({ queryKey: ['catalog', source, 'functions'] });
			} catch (e) {
				notifyError(e, 'Not tracked');
			}
		},
	};
}

export function UntrackedSection(props: {
	source: string;
	schema: string;
	relations: Relation[];
	framework: (name: string) => string | null;
	/** There is no table and no view in the schema, tracked or not. */
	none: boolean;
}) {
	const { relations, framework } = props;
	const { track, busy } = useTrack(props.source);
	const [filter, setFilter] = useState('');
	const own = useMemo(() => relations.filter((r) => !framework(r.name)), [relations, framework]);
	const theirs = useMemo(() => relations.filter((r) => framework(r.name)), [relations, framework]);
	const shown = useMemo(() => own.filter((r) => r.name.toLowerCase().includes(filter.toLowerCase())), [own, filter]);
	const which = theirs[0] && framework(theirs[0].name);
	return (
		<Section
			title="Untracked tables and views"
			hint={own.length > 0 ? 'They are in the database, not in the API.' : undefined}
			actions={
				<>
					{own.length > 10 && (
						<TextInput
							size="xs"
							placeholder="Filter"
							aria-label="Filter untracked tables"
							value={filter}
							onChange={(e) => setFilter(e.currentTarget.value)}
						/>
					)}
					{shown.length > 0 && (
						<Button size="xs" onClick={() => track(shown)} loading={busy}>
							{filter ? `Track these ${shown.length}` : `Track all ${shown.length}`}
						</Button>
					)}
				</>
			}
		>
			{own.length === 0 && theirs.length === 0 && (
				<Empty
					title={props.none ? `There are no tables in ${props.schema}` : `Everything in ${props.schema} is tracked`}
				>
					Tables made meanwhile show up after <em>Databases › Reload</em>.
				</Empty>
			)}
			{shown.length > 0 && (
				<List
					source={props.source}
					label="Untracked tables and views"
					relations={shown}
					onTrack={(t) => track([t])}
					busy={busy}
				/>
			)}
			{theirs.length > 0 && (
				<details className={classes.fold}>
					<summary>
						{theirs.length} framework {theirs.length === 1 ? 'table' : 'tables'} of {which}, rarely wanted in an API
					</summary>
					<List
						source={props.source}
						label="Framework tables"
						relations={theirs}
						onTrack={(t) => track([t])}
						busy={busy}
					/>
				</details>
			)}
		</Section>
	);
}

function List(props: {
	source: string;
	label: string;
	relations: Relation[];
	onTrack: (t: Relation) => void;
	busy: boolean;
}) {
	return (
		<VirtualList
			className={classes.list}
			label={props.label}
			items={props.relations}
			rowHeight={38}
			maxHeight={Math.min(props.relations.length, 11) * 38 + 2}
			keyOf={tableKey}
			render={(r) => (
				<div className={classes.row}>
					<Button
						size="compact-xs"
						variant="default"
						aria-label={`Track ${r.name}`}
						disabled={props.busy}
						onClick={() => props.onTrack(r)}
					>
						Track
					</Button>
					{/view/.test(r.kind) ? <IconView /> : <IconTable />}
					<Anchor
						component={Link}
						href={tablePath(props.source, r)}
						size="sm"
						c="inherit"
						className={classes.grow}
						title={`Rows of ${r.name}`}
					>
						{r.name}
					</Anchor>
					{r.kind !== 'table' && <span className={classes.dim}>{r.kind}</span>}
					{r.estimate !== null && r.kind !== 'view' && (
						<span className={classes.dim}>about {r.estimate.toLocaleString('en')} rows</span>
					)}
				</div>
			)}
		/>
	);
}
