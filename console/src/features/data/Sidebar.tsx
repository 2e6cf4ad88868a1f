// The tree of Data: sources, schemas, tracked tables. Flat and virtual: thousands of tables cost what fifty do.
import { TextInput } from '@mantine/core';
import { useDeferredValue, useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useMetadata } from '@/api/hooks';
import { SectionLinks } from '@/app/SectionLinks';
import type { QualifiedName } from '@/model/metadata';
import { ErrorView } from '@/ui/ErrorView';
import { IconDatabase, IconSchema, IconSearch, IconTable } from '@/ui/icons';
import { VirtualList } from '@/ui/VirtualList';
import { schemaPath, tablePath } from './paths';
import classes from './Sidebar.module.css';

type Node =
	| { kind: 'source'; key: string; source: string }
	| { kind: 'schema'; key: string; source: string; schema: string; count: number }
	| { kind: 'table'; key: string; source: string; table: QualifiedName };

export function treeNodes(sources: { name: string; tables: { table: QualifiedName }[] }[], filter: string): Node[] {
	const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
	const nodes: Node[] = [];
	for (const s of sources) {
		nodes.push({ kind: 'source', key: `s ${s.name}`, source: s.name });
		const schemas = new Map<string, QualifiedName[]>(words.length ? [] : [['public', []]]);
		for (const { table } of s.tables) {
			const text = `${table.schema}.${table.name}`.toLowerCase();
			if (!words.every((w) => text.includes(w))) continue;
			const list = schemas.get(table.schema);
			if (list) list.push(table);
			else schemas.set(table.schema, [table]);
		}
		const order = [...schemas.keys()].sort(
			(a, b) => Number(b === 'public') - Number(a === 'public') || (a < b ? -1 : 1),
		);
		for (const schema of order) {
			const tables = schemas.get(schema) ?? [];
			nodes.push({ kind: 'schema', key: `n ${s.name} ${schema}`, source: s.name, schema, count: tables.length });
			tables.sort((a, b) => (a.name < b.name ? -1 : 1));
			for (const table of tables)
				nodes.push({ kind: 'table', key: `t ${s.name} ${schema} ${table.name}`, source: s.name, table });
		}
	}
	return nodes;
}

/** Arrow keys go from link to link. */
function onArrow(e: React.KeyboardEvent) {
	if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return;
	const links = [...e.currentTarget.querySelectorAll<HTMLElement>('a')].sort(
		(a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top,
	);
	const at = links.indexOf(document.activeElement as HTMLElement);
	const next = links[at + (e.key === 'ArrowDown' ? 1 : -1)];
	if (at < 0 || !next) return;
	e.preventDefault();
	next.focus();
}

export default function Sidebar() {
	const { data, error, refetch } = useMetadata();
	const [filter, setFilter] = useState('');
	const wanted = useDeferredValue(filter);
	const nodes = useMemo(() => treeNodes(data?.metadata.sources ?? [], wanted), [data, wanted]);
	return (
		<>
			<SectionLinks section="data" />
			<div className={classes.search}>
				<TextInput
					size="xs"
					placeholder="Find a table"
					aria-label="Find a table"
					leftSection={<IconSearch size={13} />}
					value={filter}
					onChange={(e) => setFilter(e.currentTarget.value)}
				/>
			</div>
			{error && <ErrorView error={error} onRetry={refetch} />}
			{/* biome-ignore lint/a11y/noStaticElementInteractions: arrow keys only, for links that have their own */}
			<div className={classes.tree} onKeyDown={onArrow}>
				<VirtualList
					items={nodes}
					rowHeight={28}
					keyOf={(n) => n.key}
					label="Tables"
					render={(n) => <Row node={n} />}
				/>
			</div>
		</>
	);
}

function Row({ node }: { node: Node }) {
	const [path] = useLocation();
	if (node.kind === 'source')
		return (
			<span className={classes.source}>
				<IconDatabase size={14} />
				{node.source}
			</span>
		);
	if (node.kind === 'schema') {
		const href = schemaPath(node.source, node.schema);
		return (
			<Link href={href} className={classes.schema} aria-current={decodeURI(href) === path ? 'page' : undefined}>
				<IconSchema size={14} />
				<span className={classes.name}>{node.schema}</span>
				<span className={classes.count}>{node.count}</span>
			</Link>
		);
	}
	const href = tablePath(node.source, node.table);
	const base = href.replace(/browse$/, '');
	return (
		<Link
			href={href}
			className={classes.table}
			title={node.table.name}
			aria-current={path.startsWith(decodeURI(base)) ? 'page' : undefined}
		>
			<IconTable size={14} />
			<span className={classes.name}>{node.table.name}</span>
		</Link>
	);
}
