// The schema as a tree, ticked where the text has it. One tab stop; arrows move, Space ticks, V makes a variable.
import { useVirtualizer } from '@tanstack/react-virtual';
import type { GraphQLSchema } from 'graphql';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { IconCheck, IconChevronDown, IconChevronRight } from '@/ui/icons';
import classes from './explorer.module.css';
import type { Edit, ParsedText } from './model/document';
import { readingOf } from './model/parts';
import { buildRows, editValue, makeVariable, type Row, toggleField, toggleValue, type ValueRow } from './model/tree';
import { valueText } from './model/values';

const ROW = 26;
const LISTED = 300;

type Changed = Edit & { variable?: { name: string; value: unknown } };
type MakeEdit = (schema: GraphQLSchema, parsed: ParsedText, operation: number) => Changed;

interface Props {
	schema: GraphQLSchema;
	parsed: ParsedText;
	operation: number;
	filter: string;
	onEdit: (edit: Changed) => void;
}

export function Tree({ schema, parsed, operation, filter, onEdit }: Props) {
	const [open, setOpen] = useState<ReadonlyMap<string, boolean>>(new Map());
	const [active, setActive] = useState(0);
	const host = useRef<HTMLDivElement>(null);
	// While the text does not parse, the tree stays as it was.
	const last = useRef(parsed);
	if (parsed.document) last.current = parsed;
	const shown = last.current;
	const rows = useMemo(
		() => buildRows(schema, shown, operation, { open, filter, limit: LISTED }),
		[schema, shown, operation, open, filter],
	);
	const virtual = useVirtualizer({
		count: rows.length,
		getScrollElement: () => host.current,
		estimateSize: () => ROW,
		overscan: 12,
		getItemKey: (i) => rows[i]?.key ?? i,
	});
	useEffect(() => setActive((a) => Math.min(a, Math.max(0, rows.length - 1))), [rows.length]);

	// An edit that met types which are not read yet is made again once they are.
	const later = useRef<MakeEdit | null>(null);
	const edit = (make: MakeEdit) => {
		if (!parsed.document) return;
		const reading = readingOf(schema);
		const before = reading?.reads();
		const made = make(schema, parsed, operation);
		later.current = reading?.reads() === before ? null : make;
		if (!later.current) onEdit(made);
	};
	// biome-ignore lint/correctness/useExhaustiveDependencies: it is the schema that was waited for
	useEffect(() => {
		if (later.current) edit(later.current);
	}, [schema]);

	const flip = (row: Row) => setOpen((m) => new Map(m).set(row.key, !row.expanded));
	const tick = (row: Row) => {
		if (row.kind === 'field') edit((s, p, o) => toggleField(s, p, o, row));
		else if (row.kind === 'value') edit((s, p, o) => toggleValue(s, p, o, row));
		else if (row.expandable) flip(row);
	};
	const go = (to: number) => {
		const at = Math.max(0, Math.min(rows.length - 1, to));
		setActive(at);
		virtual.scrollToIndex(at);
	};
	const onKey = (e: KeyboardEvent) => {
		const row = rows[active];
		if (e.target !== e.currentTarget || !row) return;
		if (e.ctrlKey || e.metaKey || e.altKey) return;
		if (e.key === 'ArrowDown') go(active + 1);
		else if (e.key === 'ArrowUp') go(active - 1);
		else if (e.key === 'Home') go(0);
		else if (e.key === 'End') go(rows.length - 1);
		else if (e.key === 'ArrowRight') {
			if (row.expandable && !row.expanded) flip(row);
			else go(active + 1);
		} else if (e.key === 'ArrowLeft') {
			if (row.expanded) flip(row);
			else go(rows.findLastIndex((r, n) => n < active && r.depth < row.depth));
		} else if (e.key === ' ') tick(row);
		else if (e.key === 'Enter') {
			if (!focusInput(row)) tick(row);
		} else if (e.key === 'v' && row.kind === 'value') {
			edit((s, p, o) => makeVariable(s, p, o, row));
		} else return;
		e.preventDefault();
	};
	const focusInput = (row: Row): boolean => {
		if (row.kind !== 'value' || row.editor === 'none') return false;
		host.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(row.key)}"] .${classes.input}`)?.focus();
		return true;
	};

	return (
		<div
			ref={host}
			className={classes.tree}
			role="tree"
			aria-label="Schema"
			aria-activedescendant={rows[active] ? `row-${active}` : undefined}
			tabIndex={0}
			onKeyDown={onKey}
		>
			<div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
				{virtual.getVirtualItems().map((v) => {
					const row = rows[v.index];
					if (!row) return null;
					const ticked = row.kind === 'field' || row.kind === 'value' ? row.checked : undefined;
					return (
						// biome-ignore lint/a11y/useFocusableInteractive: the tree is the tab stop, aria-activedescendant names the row
						// biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled by the tree
						<div
							key={v.key}
							id={`row-${v.index}`}
							role="treeitem"
							aria-level={row.depth + 1}
							aria-expanded={row.expandable ? row.expanded : undefined}
							aria-checked={ticked}
							aria-selected={v.index === active}
							aria-label={row.kind === 'value' ? valueName(row) : undefined}
							data-row={row.key}
							data-active={v.index === active || undefined}
							className={classes.row}
							style={{ transform: `translateY(${v.start}px)`, paddingLeft: 4 + row.depth * 14 }}
							title={row.description}
							onClick={() => setActive(v.index)}
						>
							<span
								className={classes.twist}
								aria-hidden="true"
								onClick={() => (row.expandable ? flip(row) : undefined)}
							>
								{row.expandable && (row.expanded ? <IconChevronDown size={12} /> : <IconChevronRight size={12} />)}
							</span>
							{/* biome-ignore lint/a11y/noStaticElementInteractions: keys are handled by the tree */}
							<span className={classes.tick} role="presentation" onClick={() => tick(row)}>
								{ticked !== undefined && (
									<span className={classes.box} data-on={ticked || undefined} aria-hidden="true">
										{ticked && <IconCheck size={12} />}
									</span>
								)}
								<RowLabel row={row} />
							</span>
							{row.kind === 'value' && row.checked && (
								<ValueInput
									row={row}
									onText={(text) => edit((s, p, o) => editValue(s, p, o, row, text))}
									onVariable={() => edit((s, p, o) => makeVariable(s, p, o, row))}
									onLeave={() => host.current?.focus()}
								/>
							)}
							{(row.kind === 'field' || row.kind === 'value') && !(row.kind === 'value' && row.checked) && (
								<span className={classes.type}> {row.type}</span>
							)}
						</div>
					);
				})}
			</div>
		</div>
	);
}

/** Without the field in it, whose value would be read out as part of the name. */
const valueName = (row: ValueRow) => `argument ${row.label}${row.required ? '*' : ''}: ${row.type}`;

function RowLabel({ row }: { row: Row }) {
	if (row.kind === 'root')
		return (
			<span className={classes.root}>
				{row.label} {row.count > 0 && <span className={classes.type}>{row.count}</span>}
			</span>
		);
	if (row.kind === 'value')
		return (
			<span className={classes.argument}>
				{row.label}
				{row.required ? '*' : ''}:
			</span>
		);
	if (row.kind === 'field')
		return (
			<span className={classes.field} style={row.deprecated ? { textDecoration: 'line-through' } : undefined}>
				{row.alias && <span className={classes.type}>{row.alias}: </span>}
				{row.label}
			</span>
		);
	return <span className={classes.type}>{row.label}</span>;
}

function ValueInput(props: {
	row: ValueRow;
	onText: (text: string) => void;
	onVariable: () => void;
	onLeave: () => void;
}) {
	const { row } = props;
	const given = valueText(row.value);
	const [text, setText] = useState(given);
	useEffect(() => setText(given), [given]);
	if (row.editor === 'none') return null;
	const leave = (e: KeyboardEvent) => {
		e.stopPropagation();
		if (e.key === 'Enter' || e.key === 'Escape') props.onLeave();
	};
	return (
		<>
			{row.editor === 'choice' ? (
				<select
					className={classes.input}
					aria-label={`Value of ${row.label}`}
					value={given}
					onChange={(e) => props.onText(e.currentTarget.value)}
					onKeyDown={leave}
				>
					{row.choices?.map((c) => (
						<option key={c}>{c}</option>
					))}
				</select>
			) : (
				<input
					className={classes.input}
					aria-label={`Value of ${row.label}`}
					value={text}
					spellCheck={false}
					onChange={(e) => {
						setText(e.currentTarget.value);
						props.onText(e.currentTarget.value);
					}}
					onKeyDown={leave}
				/>
			)}
			{row.value?.kind !== 'Variable' && (
				<button
					type="button"
					className={classes.mini}
					tabIndex={-1}
					aria-label={`Make ${row.label} a variable`}
					title="Make it a variable (V)"
					onClick={props.onVariable}
				>
					$
				</button>
			)}
		</>
	);
}
