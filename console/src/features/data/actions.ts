import type { ActionContext, PaletteAction } from '@/app/feature';
import { tableLabel } from '@/model/metadata';
import { schemaPath, tablePath } from './paths';

export function dataActions({ go, metadata }: ActionContext): PaletteAction[] {
	const found: PaletteAction[] = [
		{ id: 'data.manage', group: 'Pages', label: 'Databases', run: () => go('/data/manage') },
	];
	const sources = metadata?.metadata.sources ?? [];
	for (const s of sources) {
		const where = sources.length > 1 ? `${s.name}: ` : '';
		for (const schema of new Set(['public', ...s.tables.map((t) => t.table.schema)]))
			found.push({
				id: `schema.${s.name}.${schema}`,
				group: 'Schemas',
				label: `${where}${schema}`,
				description: 'Tables to track, relationships',
				keywords: 'schema track untracked',
				run: () => go(schemaPath(s.name, schema)),
			});
		for (const t of s.tables) {
			const label = `${where}${tableLabel(t.table)}`;
			const id = JSON.stringify([s.name, t.table]);
			found.push(
				{
					id: `browse${id}`,
					group: 'Tables',
					label,
					description: 'Browse rows',
					keywords: 'rows data browse',
					run: () => go(tablePath(s.name, t.table)),
				},
				{
					id: `insert${id}`,
					group: 'Tables',
					label: `${label} insert row`,
					keywords: 'new add',
					run: () => go(tablePath(s.name, t.table, 'insert')),
				},
				{
					id: `permissions${id}`,
					group: 'Permissions',
					label: `${label} permissions`,
					keywords: 'roles',
					run: () => go(tablePath(s.name, t.table, 'permissions')),
				},
				{
					id: `relationships${id}`,
					group: 'Relationships',
					label: `${label} relationships`,
					run: () => go(tablePath(s.name, t.table, 'relationships')),
				},
			);
		}
	}
	return found;
}
