// A row rule as a tree of conditions: groups, relationships, `exists`, columns. Its JSON is the one that is saved.
import { Button, Code, NativeSelect, TextInput } from '@mantine/core';
import { createContext, useContext, useMemo, useState } from 'react';
import { useSource } from '@/api/hooks';
import { operatorsFor, type RuleNode, shownValue, typedValue } from '@/model/boolexp';
import { type QualifiedName, qualified, type SourceMetadata, tableKey, tableLabel } from '@/model/metadata';
import { relationshipRows } from '@/model/relationships';
import { useForeignKeys, useTableInfo } from '@/model/useCatalog';
import { RemoveButton } from '@/ui/RemoveButton';
import { TableSelect } from '../TableSelect';
import classes from './Permissions.module.css';

const Where = createContext<{ source: string }>({ source: 'default' });

/** Relationship of a table by name: where it leads. */
export function targetOf(
	source: SourceMetadata,
	fks: Parameters<typeof relationshipRows>[1],
	table: QualifiedName,
	name: string,
): QualifiedName | null {
	const md = source.tables.find((t) => tableKey(t.table) === tableKey(table));
	return (md && relationshipRows(md, fks).find((r) => r.name === name)?.remote) ?? null;
}

export function RuleBuilder(props: {
	source: string;
	table: QualifiedName;
	value: RuleNode;
	onChange: (n: RuleNode) => void;
}) {
	return (
		<Where value={{ source: props.source }}>
			<NodeEditor node={props.value} table={props.table} onChange={props.onChange} depth={0} />
		</Where>
	);
}

interface NodeProps {
	node: RuleNode;
	table: QualifiedName;
	onChange: (n: RuleNode) => void;
	onRemove?: () => void;
	depth: number;
}

const MAX_DEPTH = 24;

function Remove({ onRemove, what }: { onRemove?: () => void; what: string }) {
	return onRemove ? <RemoveButton label={`Remove ${what}`} onClick={onRemove} /> : null;
}

function NodeEditor(props: NodeProps) {
	const { node, table, onChange, onRemove, depth } = props;
	if (depth > MAX_DEPTH || node.kind === 'raw')
		return (
			<div className={classes.line}>
				<Code>{JSON.stringify(node.kind === 'raw' ? node.value : '…')}</Code>
				<span className={classes.word}>edit it as JSON</span>
				<Remove onRemove={onRemove} what="this condition" />
			</div>
		);
	switch (node.kind) {
		case 'and':
		case 'or':
			return <Group {...props} node={node} />;
		case 'not':
			return (
				<div className={classes.node}>
					<div className={classes.line}>
						<span className={classes.word}>not</span>
						<Remove onRemove={onRemove} what="not" />
					</div>
					<NodeEditor
						node={node.child}
						table={table}
						depth={depth + 1}
						onChange={(child) => onChange({ ...node, child })}
					/>
				</div>
			);
		case 'exists':
			return <Exists {...props} node={node} />;
		case 'relation':
			return <Relation {...props} node={node} />;
		case 'column':
			return <Condition {...props} node={node} />;
	}
}

function Group({ node, table, onChange, onRemove, depth }: NodeProps & { node: RuleNode & { kind: 'and' | 'or' } }) {
	return (
		<div className={classes.node}>
			<div className={classes.line}>
				<NativeSelect
					size="xs"
					aria-label="All or any of the conditions"
					value={node.kind}
					data={[
						{ value: 'and', label: 'all of' },
						{ value: 'or', label: 'any of' },
					]}
					onChange={(e) => onChange({ ...node, kind: e.currentTarget.value as 'and' | 'or' })}
				/>
				{node.children.length === 0 && (
					<span className={classes.word}>{node.kind === 'and' ? 'nothing: every row' : 'nothing: no row'}</span>
				)}
				<Remove onRemove={onRemove} what="this group" />
			</div>
			{node.children.map((child, i) => (
				<NodeEditor
					key={i}
					node={child}
					table={table}
					depth={depth + 1}
					onChange={(n) => onChange({ ...node, children: node.children.map((c, k) => (k === i ? n : c)) })}
					onRemove={() => onChange({ ...node, children: node.children.filter((_, k) => k !== i) })}
				/>
			))}
			<Add table={table} onAdd={(n) => onChange({ ...node, children: [...node.children, n] })} />
		</div>
	);
}

function Add({ table, onAdd }: { table: QualifiedName; onAdd: (n: RuleNode) => void }) {
	const { source } = useContext(Where);
	const columns = useTableInfo(source, table).data?.columns ?? [];
	const relations = useRelationships(source, table);
	const empty: RuleNode = { kind: 'and', children: [] };
	const choose = (value: string) => {
		const [kind, name = ''] = [value.slice(0, 1), value.slice(1)];
		if (kind === 'c') onAdd({ kind: 'column', column: name, op: '_eq', value: '' });
		if (kind === 'r') onAdd({ kind: 'relation', name, child: empty });
		if (kind === 'a') onAdd(empty);
		if (kind === 'o') onAdd({ kind: 'or', children: [] });
		if (kind === 'n') onAdd({ kind: 'not', child: empty });
		if (kind === 'e') onAdd({ kind: 'exists', table, child: empty });
	};
	return (
		<NativeSelect
			size="xs"
			w={190}
			aria-label={`Add a condition on ${table.name}`}
			value=""
			onChange={(e) => choose(e.currentTarget.value)}
			data={[
				{ value: '', label: '+ condition' },
				{ group: 'Columns', items: columns.map((c) => ({ value: `c${c.name}`, label: c.name })) },
				{ group: 'Relationships', items: relations.map((r) => ({ value: `r${r.name}`, label: `${r.name} →` })) },
				{
					group: 'Groups',
					items: [
						{ value: 'a', label: 'all of (_and)' },
						{ value: 'o', label: 'any of (_or)' },
						{ value: 'n', label: 'not (_not)' },
						{ value: 'e', label: 'there is a row in… (_exists)' },
					],
				},
			]}
		/>
	);
}

function useRelationships(source: string, table: QualifiedName) {
	const md = useSource(source)?.tables.find((t) => tableKey(t.table) === tableKey(table));
	const fks = useForeignKeys(source).data;
	return md && fks ? relationshipRows(md, fks) : [];
}

function Relation({ node, table, onChange, onRemove, depth }: NodeProps & { node: RuleNode & { kind: 'relation' } }) {
	const { source } = useContext(Where);
	const remote = useRelationships(source, table).find((r) => r.name === node.name)?.remote;
	return (
		<div className={classes.node}>
			<div className={classes.line}>
				<strong>{node.name}</strong>
				<span className={classes.word}>{remote ? `of ${tableLabel(remote)} fits` : 'fits'}</span>
				<Remove onRemove={onRemove} what={node.name} />
			</div>
			<NodeEditor
				node={grouped(node.child)}
				table={remote ?? table}
				depth={depth + 1}
				onChange={(child) => onChange({ ...node, child: ungrouped(child) })}
			/>
		</div>
	);
}

/** Below a relationship one condition is shown as a group, so that another can be added. */
export const grouped = (n: RuleNode): RuleNode =>
	n.kind === 'and' || n.kind === 'or' ? n : { kind: 'and', children: [n] };

export function ungrouped(n: RuleNode): RuleNode {
	const [only] = n.kind === 'and' ? n.children : [];
	return n.kind === 'and' && n.children.length === 1 && only && only.kind !== 'raw' ? only : n;
}

function Exists({ node, onChange, onRemove, depth }: NodeProps & { node: RuleNode & { kind: 'exists' } }) {
	const { source } = useContext(Where);
	const md = useSource(source);
	const tables = useMemo(() => md?.tables.map((t) => t.table) ?? [], [md]);
	const at = qualified(node.table as QualifiedName | string);
	return (
		<div className={classes.node}>
			<div className={classes.line}>
				<span className={classes.word}>there is a row in</span>
				<TableSelect
					size="xs"
					ariaLabel="Table"
					tables={tables}
					value={tableKey(at)}
					onChange={(t) => onChange({ ...node, table: t, child: { kind: 'and', children: [] } })}
				/>
				<span className={classes.word}>where</span>
				<Remove onRemove={onRemove} what="exists" />
			</div>
			<NodeEditor
				node={grouped(node.child)}
				table={at}
				depth={depth + 1}
				onChange={(child) => onChange({ ...node, child: ungrouped(child) })}
			/>
		</div>
	);
}

function Condition({ node, table, onChange, onRemove }: NodeProps & { node: RuleNode & { kind: 'column' } }) {
	const { source } = useContext(Where);
	const columns = useTableInfo(source, table).data?.columns ?? [];
	const base = columns.find((c) => c.name === node.column)?.base;
	const operators = operatorsFor(base);
	const operator = operators.find((o) => o.op === node.op);
	const [typed, setText] = useState(shownValue(node.value));
	// What was typed, unless the value came from elsewhere (the JSON, another line that moved here).
	const means = JSON.stringify(typedValue(typed, operator?.takes ?? 'value', base));
	const text = means === JSON.stringify(node.value) ? typed : shownValue(node.value);
	const set = (t: string) => {
		setText(t);
		onChange({ ...node, value: typedValue(t, operator?.takes ?? 'value', base) });
	};
	const change = (op: string) => {
		const takes = operators.find((o) => o.op === op)?.takes ?? 'value';
		onChange({ ...node, op, value: typedValue(takes === 'boolean' ? 'true' : text, takes, base) });
	};
	return (
		<div className={classes.line}>
			<code>{node.column}</code>
			<NativeSelect
				size="xs"
				aria-label={`Operator on ${node.column}`}
				value={node.op}
				data={[
					...(operator ? [] : [{ value: node.op, label: node.op }]),
					...operators.map((o) => ({ value: o.op, label: o.label })),
				]}
				onChange={(e) => change(e.currentTarget.value)}
			/>
			{operator?.takes === 'boolean' ? (
				<NativeSelect
					size="xs"
					aria-label={`Value for ${node.column}`}
					value={String(node.value)}
					data={[
						{ value: 'true', label: 'yes' },
						{ value: 'false', label: 'no' },
					]}
					onChange={(e) => onChange({ ...node, value: e.currentTarget.value === 'true' })}
				/>
			) : operator?.takes === 'column' ? (
				<NativeSelect
					size="xs"
					aria-label={`Other column for ${node.column}`}
					value={shownValue(node.value)}
					data={['', ...columns.map((c) => c.name)]}
					onChange={(e) => onChange({ ...node, value: e.currentTarget.value })}
				/>
			) : (
				<>
					<TextInput
						size="xs"
						w={220}
						aria-label={`Value for ${node.column}`}
						placeholder={operator?.takes === 'list' ? 'a, b, c' : 'value or X-Hasura-…'}
						value={text}
						onChange={(e) => set(e.currentTarget.value)}
					/>
					{text === '' && (
						<Button size="compact-xs" variant="subtle" onClick={() => set('X-Hasura-User-Id')}>
							X-Hasura-User-Id
						</Button>
					)}
				</>
			)}
			<Remove onRemove={onRemove} what={`the condition on ${node.column}`} />
		</div>
	);
}
