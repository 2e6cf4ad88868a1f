// Browse rows: a table's rows in a grid, with filters in the address, links along foreign keys and changes that are staged.

import { tableKey } from '@/model/metadata';
import { ErrorView } from '@/ui/ErrorView';
import { Empty, Loading } from '@/ui/Page';
import { usePlace } from '../paths';
import { TableFrame } from '../TableFrame';
import { Browse } from './Browse';
import { useTarget } from './useRights';

export default function BrowsePage() {
	const { source, table } = usePlace();
	const { query, target } = useTarget(source, table);
	return (
		<TableFrame source={source} table={table} tab="browse" fill>
			{query.error ? (
				<ErrorView error={query.error} title={`${table.name} cannot be read`} onRetry={() => query.refetch()} />
			) : query.isPending ? (
				<Loading />
			) : target ? (
				<Browse key={JSON.stringify([source, tableKey(table)])} target={target} />
			) : (
				<Empty title={`There is no table ${table.name} in ${table.schema}`}>
					It may have been renamed or dropped. Tables of the database are listed on the page of its schema.
				</Empty>
			)}
		</TableFrame>
	);
}
