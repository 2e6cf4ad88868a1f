// What the API has of a table. A column whose name is no GraphQL name and has no custom one is not part of it, and so is
// not written by insert and update either.
import type { TableInfo } from '@/model/catalog';
import type { TableMetadata } from '@/model/metadata';

export function isInApi(name: string, md: TableMetadata | undefined): boolean {
	const custom =
		md?.configuration?.column_config?.[name]?.custom_name ?? md?.configuration?.custom_column_names?.[name];
	return custom !== undefined || /^[_A-Za-z][_0-9A-Za-z]*$/.test(name);
}

export function inApi(info: TableInfo, md: TableMetadata | undefined): TableInfo {
	const outside = info.columns.filter((c) => !isInApi(c.name, md)).map((c) => c.name);
	if (!md || outside.length === 0) return info;
	return {
		...info,
		columns: info.columns.map((c) => (outside.includes(c.name) ? { ...c, updatable: false, outside: true } : c)),
		keys: info.keys.filter((k) => !k.some((name) => outside.includes(name))),
	};
}
