import { Anchor, Button } from '@mantine/core';
import { useMemo } from 'react';
import { Link } from 'wouter';
import { useApply } from '@/api/hooks';
import type { Relation } from '@/model/catalog';
import { type SourceMetadata, type TableMetadata, tableKey } from '@/model/metadata';
import { relationshipsOf } from '@/model/relationships';
import { confirm } from '@/ui/confirm';
import { notifyDone, notifyError } from '@/ui/notify';
import { plural } from '@/ui/plural';
import { VirtualList } from '@/ui/VirtualList';
import { tablePath } from './paths';
import { Section } from './Section';
import classes from './Section.module.css';

function rolesOfTable(t: TableMetadata): number {
	const lists = [t.select_permissions, t.insert_permissions, t.update_permissions, t.delete_permissions];
	return new Set(lists.flatMap((l) => (l ?? []).map((e) => e.role))).size;
}

export function TrackedSection(props: { source: SourceMetadata; schema: string; relations: Relation[] }) {
	const { source, schema } = props;
	const apply = useApply();
	const tables = useMemo(
		() => source.tables.filter((t) => t.table.schema === schema).sort((a, b) => (a.table.name < b.table.name ? -1 : 1)),
		[source, schema],
	);
	if (tables.length === 0) return null;
	const untrack = async (t: TableMetadata) => {
		const yes = await confirm({
			title: `Untrack ${t.table.name}?`,
			body: 'It leaves the API, with its relationships and permissions. The table itself and its rows stay.',
			action: 'Untrack',
			danger: true,
		});
		if (!yes) return;
		try {
			await apply.mutateAsync({
				ops: [{ type: 'pg_untrack_table', args: { source: source.name, table: t.table, cascade: true } }],
			});
			notifyDone(`${t.table.name} is no longer tracked.`);
		} catch (e) {
			notifyError(e);
		}
	};
	return (
		<Section title="Tracked tables and views">
			<VirtualList
				className={classes.list}
				label="Tracked tables and views"
				items={tables}
				rowHeight={38}
				maxHeight={Math.min(tables.length, 11) * 38 + 2}
				keyOf={(t) => tableKey(t.table)}
				render={(t) => (
					<div className={classes.row}>
						<span className={classes.grow}>
							<Anchor component={Link} href={tablePath(source.name, t.table)} size="sm">
								{t.table.name}
							</Anchor>
						</span>
						<Anchor component={Link} href={tablePath(source.name, t.table, 'relationships')} size="xs">
							{plural(relationshipsOf(t).length, 'relationship')}
						</Anchor>
						<Anchor component={Link} href={tablePath(source.name, t.table, 'permissions')} size="xs">
							{plural(rolesOfTable(t), 'role')}
						</Anchor>
						<Button
							size="compact-xs"
							variant="subtle"
							color="gray"
							aria-label={`Untrack ${t.table.name}`}
							onClick={() => untrack(t)}
						>
							Untrack
						</Button>
					</div>
				)}
			/>
		</Section>
	);
}
