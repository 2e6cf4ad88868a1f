import { Button } from '@mantine/core';
import { useApply } from '@/api/hooks';
import type { CatalogFunction } from '@/model/catalog';
import { qualified, type SourceMetadata, tableKey } from '@/model/metadata';
import { IconFunction } from '@/ui/icons';
import { notifyDone, notifyError } from '@/ui/notify';
import { VirtualList } from '@/ui/VirtualList';
import { Section } from './Section';
import classes from './Section.module.css';

export function FunctionsSection({ source, functions }: { source: SourceMetadata; functions: CatalogFunction[] }) {
	const apply = useApply();
	const tracked = new Set((source.functions ?? []).map((f) => tableKey(qualified(f.function))));
	const open = functions.filter((f) => !tracked.has(tableKey(f)));
	const can = open.filter((f) => f.obstacle === null);
	const cannot = open.filter((f) => f.obstacle !== null);
	const there = functions.filter((f) => tracked.has(tableKey(f)));
	if (functions.length === 0) return null;
	const change = async (f: CatalogFunction, type: string, exposed?: 'query' | 'mutation') => {
		try {
			const configuration = exposed ? { exposed_as: exposed } : undefined;
			await apply.mutateAsync({
				ops: [{ type, args: { source: source.name, function: { schema: f.schema, name: f.name }, configuration } }],
			});
			notifyDone(`${f.name} is ${type === 'pg_track_function' ? 'tracked' : 'no longer tracked'}.`);
		} catch (e) {
			notifyError(e);
		}
	};
	const row = (f: CatalogFunction) => (
		<div className={classes.row}>
			{f.obstacle === null &&
				(tracked.has(tableKey(f)) ? (
					<Button
						size="compact-xs"
						variant="subtle"
						color="gray"
						aria-label={`Untrack ${f.name}`}
						onClick={() => change(f, 'pg_untrack_function')}
					>
						Untrack
					</Button>
				) : (
					(f.volatility === 'volatile' ? (['mutation', 'query'] as const) : (['query'] as const)).map((as) => (
						<Button
							key={as}
							size="compact-xs"
							variant="default"
							aria-label={`Track ${f.name} as ${as}`}
							onClick={() => change(f, 'pg_track_function', f.volatility === 'volatile' ? as : undefined)}
						>
							Track as {as}
						</Button>
					))
				))}
			<IconFunction />
			<span className={`${classes.grow} ${classes.mono}`}>
				{f.name}({f.args}) → {f.returns}
			</span>
			<span className={classes.dim}>{f.obstacle ?? f.volatility}</span>
		</div>
	);
	const list = (label: string, items: CatalogFunction[]) => (
		<VirtualList
			className={classes.list}
			label={label}
			items={items}
			rowHeight={38}
			maxHeight={Math.min(items.length, 8) * 38 + 2}
			keyOf={(f) => `${f.name}(${f.args})`}
			render={row}
		/>
	);
	return (
		<Section title="Functions">
			{can.length + there.length > 0 && list('Functions that can be tracked', [...can, ...there])}
			{cannot.length > 0 && (
				<details className={classes.fold}>
					<summary>{cannot.length} functions that cannot be tracked, and why</summary>
					{list('Functions that cannot be tracked', cannot)}
				</details>
			)}
		</Section>
	);
}
