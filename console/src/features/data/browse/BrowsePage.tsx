// Browse rows: a table's rows in a grid, with filters in the address, links along foreign keys and changes that are staged.

import { tableKey } from '@/model/metadata';
import { Browse } from './Browse';
import { TargetPage } from './TargetPage';

export default function BrowsePage() {
	return (
		<TargetPage tab="browse" fill>
			{(target) => <Browse key={JSON.stringify([target.source, tableKey(target.table)])} target={target} />}
		</TargetPage>
	);
}
