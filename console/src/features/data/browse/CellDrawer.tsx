// One value as a whole: read, laid out if it is JSON, edited.
import { Button, Drawer, Group, Switch, Text, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Suspense, useEffect, useState } from 'react';
import { readJson } from '@/api/client';
import { keys } from '@/api/keys';
import type { Column } from '@/model/catalog';
import { prettyJson } from '@/model/prettyJson';
import { ErrorView } from '@/ui/ErrorView';
import { later } from '@/ui/later';
import { notifyDone } from '@/ui/notify';
import { Loading } from '@/ui/Page';
import { Null, sizeOf } from './CellView';
import { kindOf } from './model/kinds';
import { type Cell, cellText, cellWholeSql, identityOf, isCut, type Row } from './model/read';
import { type Change, problemOf } from './model/write';
import type { Target } from './useRows';

const JsonEditor = later(() => import('./JsonEditor'));

function readWhole({ source, table, info }: Target, column: Column, cells: Cell[], signal?: AbortSignal) {
	return readJson<string | null>(cellWholeSql(table, column, identityOf(info, cells)), { source, signal });
}

/** The value a cell has in the database: read anew if the grid has a part of it only. */
function useWhole(target: Target, column: Column, cells: Cell[], enabled: boolean) {
	const { source, table, info } = target;
	const identity = identityOf(info, cells);
	return useQuery({
		queryKey: [...keys.rows(source, table), 'cell', column.name, identity.map(([c, v]) => [c.name, v])],
		queryFn: ({ signal }) => readWhole(target, column, cells, signal),
		enabled,
		staleTime: 0,
		gcTime: 0,
	});
}

/** The same for whoever copies it. */
export async function wholeText(target: Target, row: Row, index: number): Promise<string | null> {
	const cell = row.cells[index];
	const column = target.info.columns[index];
	return column && isCut(cell) ? readWhole(target, column, row.cells) : cellText(cell);
}

interface Props {
	target: Target;
	column: Column;
	cells: Cell[];
	change: Change | undefined;
	writable: boolean;
	onChange: (change: Change) => void;
	onClose: () => void;
}

export function CellDrawer(props: Props) {
	const { column, cells, target, change } = props;
	const cell = cells[target.info.columns.findIndex((c) => c.name === column.name)];
	const cut = isCut(cell) && change?.to !== 'value';
	const whole = useWhole(target, column, cells, cut);
	const known = cut ? whole.data : change?.to === 'value' ? change.text : (cell as string | null);
	return (
		<Drawer
			opened
			onClose={props.onClose}
			position="right"
			size="xl"
			title={`${column.name} · ${column.type}`}
			closeButtonProps={{ 'aria-label': 'Close' }}
		>
			{cut && whole.error ? (
				<ErrorView error={whole.error} onRetry={() => whole.refetch()} />
			) : cut && whole.isPending ? (
				<Loading what="Loading the whole value" />
			) : (
				<Body {...props} text={known ?? null} />
			)}
		</Drawer>
	);
}

const WIDE = 500_000;

function Body(props: Props & { text: string | null }) {
	const { column, text, writable, change } = props;
	const isJson = kindOf(column) === 'json' || kindOf(column) === 'geo';
	const large = (text?.length ?? 0) > WIDE;
	const [laidOut, setLaidOut] = useState(isJson && !large);
	const [typed, setTyped] = useState<string | null>(null);
	const shown = typed ?? (laidOut && text !== null ? prettyJson(text) : (text ?? ''));
	// biome-ignore lint/correctness/useExhaustiveDependencies: another value came
	useEffect(() => setTyped(null), [text]);
	const problem = typed === null ? null : problemOf(column, { to: 'value', text: typed });
	const done = (c: Change) => {
		props.onChange(c);
		props.onClose();
	};
	const keep = () => typed !== null && !problem && done({ to: 'value', text: typed });
	return (
		// biome-ignore lint/a11y/noStaticElementInteractions: Ctrl+Enter of what is inside
		<div
			onKeyDown={(e) => {
				if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
					e.preventDefault();
					e.stopPropagation();
					keep();
				}
			}}
		>
			<Group justify="space-between" mb="xs">
				<Text size="sm" c="dimmed">
					{text === null ? <Null /> : sizeOf(text.length)}
					{change && ', changed, not saved'}
				</Text>
				{isJson && text !== null && typed === null && (
					<Switch label="laid out" checked={laidOut} onChange={(e) => setLaidOut(e.currentTarget.checked)} />
				)}
			</Group>
			{isJson && !large ? (
				<Suspense fallback={<Loading />}>
					<JsonEditor
						key={String(laidOut)}
						label={column.name}
						value={shown}
						readOnly={!writable}
						minHeight="12rem"
						maxHeight="65vh"
						onChange={(v) => v !== shown && setTyped(v)}
						onView={(view) => view?.focus()}
					/>
				</Suspense>
			) : (
				<Textarea
					aria-label={column.name}
					value={shown}
					readOnly={!writable}
					rows={Math.min(28, Math.max(8, shown.length / 70, shown.split('\n', 40).length))}
					styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13, resize: 'vertical' } }}
					data-autofocus
					onChange={(e) => setTyped(e.currentTarget.value)}
				/>
			)}
			{problem && (
				<Text size="sm" c="red" mt="xs" role="alert">
					{problem}
				</Text>
			)}
			{writable && kindOf(column) === 'json' && column.nullable && (
				<Text size="xs" c="dimmed" mt="xs">
					The word null is JSON's; Set NULL is SQL's, no value at all.
				</Text>
			)}
			<Group mt="md" gap="xs">
				{writable && (
					<Button size="xs" disabled={typed === null || problem !== null} onClick={keep}>
						Keep the change
					</Button>
				)}
				{writable && column.nullable && (
					<Button size="xs" variant="default" onClick={() => done({ to: 'null' })}>
						Set NULL
					</Button>
				)}
				<Button
					size="xs"
					variant="default"
					disabled={text === null}
					onClick={() => navigator.clipboard.writeText(shown).then(() => notifyDone('Copied.'))}
				>
					Copy
				</Button>
			</Group>
		</div>
	);
}
