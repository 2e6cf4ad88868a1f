// A page about a table as it is in the database: read first, and said if it is not there.
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ErrorView } from '@/ui/ErrorView';
import { Empty, Loading } from '@/ui/Page';
import { schemaPath, type TableTab, usePlace } from '../paths';
import { TableFrame } from '../TableFrame';
import classes from './browse.module.css';
import { useTarget } from './useRights';
import type { Target } from './useRows';

export function TargetPage(props: {
	tab: TableTab;
	fill?: boolean;
	needsTracked?: boolean;
	children: (target: Target) => ReactNode;
}) {
	const { children, ...frame } = props;
	const { source, table } = usePlace();
	const { query, target } = useTarget(source, table);
	return (
		<TableFrame source={source} table={table} {...frame}>
			{target ? (
				children(target)
			) : query.error ? (
				<ErrorView error={query.error} title={`${table.name} cannot be read`} onRetry={() => query.refetch()} />
			) : query.isPending ? (
				<Loading />
			) : (
				<div className={frame.fill ? classes.pad : undefined}>
					<Empty title={`There is no table ${table.name} in ${table.schema}`}>
						It may have been renamed or dropped. Tables of the database are listed on the page of its schema,{' '}
						<Link href={schemaPath(source, table.schema)}>{table.schema}</Link>.
					</Empty>
				</div>
			)}
		</TableFrame>
	);
}
