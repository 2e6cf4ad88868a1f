// What can be changed here, and if not, why.
import { useMemo } from 'react';
import { useTable } from '@/api/hooks';
import type { Column } from '@/model/catalog';
import type { QualifiedName } from '@/model/metadata';
import { useTableInfo } from '@/model/useCatalog';
import { inApi } from './model/api';
import { isComparable, kindOf } from './model/kinds';
import type { Target } from './useRows';

/** The table as it can be worked on: what is of the API marked. `target` is null until it is read, or where there is none. */
export function useTarget(source: string, table: QualifiedName) {
	const query = useTableInfo(source, table);
	const md = useTable(source, table.schema, table.name);
	const { schema, name } = table;
	const target = useMemo(
		(): Target | null => (query.data ? { source, table: { schema, name }, info: inApi(query.data, md) } : null),
		[query.data, md, source, schema, name],
	);
	return { query, target };
}

export interface Rights {
	tracked: boolean;
	mayInsert: boolean;
	mayEdit: boolean;
	mayDelete: boolean;
	writable: (c: Column) => boolean;
	/** For the reader; null: nothing special. */
	notice: string | null;
}

export function rightsOf(info: Target['info'], tracked: boolean): Rights {
	const { can, kind } = info;
	const told = info.keys.length > 0 || info.columns.some((c) => !c.outside && isComparable(kindOf(c)));
	const mayEdit = tracked && can.update && told;
	const mayDelete = tracked && can.delete && told;
	const mayInsert = tracked && can.insert;
	const readOnly = !can.update && !can.insert && !can.delete;
	let notice: string | null = null;
	if (!tracked)
		notice = `This ${kind} is not tracked: it is not part of the API, and its rows can be read here, not changed.`;
	else if (readOnly) notice = `Rows of this ${kind} can only be read: PostgreSQL does not write through it.`;
	else if (info.columns.some((c) => c.outside))
		notice = `Not part of the API, and so not changed here, for their names: ${info.columns
			.filter((c) => c.outside)
			.map((c) => c.name)
			.join(', ')}. A custom name puts them in.`;
	else if (info.keys.length === 0)
		notice = `No key names the rows of this ${kind}: a change is made only where exactly one row has all the same values.`;
	return {
		tracked,
		mayInsert,
		mayEdit,
		mayDelete,
		writable: (c) => mayEdit && c.updatable && !c.generated,
		notice,
	};
}

export function useRights({ source, table, info }: Target): Rights {
	return rightsOf(info, useTable(source, table.schema, table.name) !== undefined);
}
