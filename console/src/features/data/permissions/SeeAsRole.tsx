import { Alert, Button, Code, Group, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useServerFacts, useSource } from '@/api/hooks';
import { sessionVariables } from '@/model/boolexp';
import { type Draft, toPermission } from '@/model/permissions';
import { inlineClause, type Preview, seeAsRole } from '@/model/seeAsRole';
import { ErrorView } from '@/ui/ErrorView';
import { IconView } from '@/ui/icons';
import type { EditorProps } from './Editor';
import classes from './Permissions.module.css';

/** Rows and columns the role would see and not see, before anything is saved. */
export function SeeAsRole(props: EditorProps & { draft: Draft; ready: boolean }) {
	const { table, info, role, op, draft } = props;
	const source = useSource(props.source);
	const naming = useServerFacts().data?.default_naming_convention;
	const [given, setGiven] = useState<Record<string, string>>({});
	const [preview, setPreview] = useState<{ of: string; value: Preview } | null>(null);
	const [error, setError] = useState<unknown>(null);
	const [busy, setBusy] = useState(false);
	const permission = toPermission(op, draft);
	const variables = sessionVariables(permission);
	const now = JSON.stringify([permission, given]);
	const look = async () => {
		if (!source) return;
		setBusy(true);
		setError(null);
		try {
			const session = Object.fromEntries(variables.map((v) => [v, given[v] ?? '']).filter(([, v]) => v !== ''));
			setPreview({ of: now, value: await seeAsRole(source, table, info, op, role, draft, session, naming) });
		} catch (e) {
			setError(e);
			setPreview(null);
		} finally {
			setBusy(false);
		}
	};
	return (
		<fieldset className={classes.part_}>
			<legend>See as {role}</legend>
			<Group gap="xs" align="flex-end" mb="xs">
				{variables.map((v) => (
					<TextInput
						key={v}
						size="xs"
						w={190}
						label={v}
						value={given[v] ?? ''}
						onChange={(e) => {
							const { value } = e.currentTarget;
							setGiven((all) => ({ ...all, [v]: value }));
						}}
						onKeyDown={(e) => {
							if (e.key === 'Enter' && !e.ctrlKey && !e.metaKey) {
								e.preventDefault();
								look();
							}
						}}
					/>
				))}
				<Button
					size="xs"
					variant="default"
					leftSection={<IconView />}
					loading={busy}
					disabled={!props.ready}
					onClick={look}
				>
					Look
				</Button>
				<Text size="xs" c="dimmed">
					Tried as it stands here; nothing is saved.
				</Text>
			</Group>
			<div aria-live="polite">
				{error !== null && <ErrorView error={error} title="It cannot be tried" />}
				{preview && <Shown preview={preview.value} stale={preview.of !== now} {...props} />}
			</div>
		</fieldset>
	);
}

const VERB = { insert: 'inserted', select: 'seen', update: 'changed', delete: 'deleted' };

function Shown({
	preview: p,
	stale,
	op,
	role,
	draft,
}: { preview: Preview; stale: boolean } & EditorProps & { draft: Draft }) {
	if (p.refused)
		return (
			<Alert color="red" title={`${role} gets nothing`}>
				{p.refused}
			</Alert>
		);
	return (
		<>
			<Group gap="md" mb="xs">
				{p.seen !== null && (
					<Text size="sm">
						<strong>{p.seen.toLocaleString('en')}</strong> {p.seen === 1 ? 'row' : 'rows'} {VERB[op]},{' '}
						<strong>{(p.hidden ?? 0).toLocaleString('en')}</strong> {op === 'select' ? 'hidden' : 'out of reach'}
						{op === 'select' && draft.limit !== null && `; at most ${draft.limit} a query`}
					</Text>
				)}
				{p.notCounted && <Text size="sm">Not counted: {p.notCounted}</Text>}
				{stale && (
					<Text size="sm" c="orange">
						The form changed since.
					</Text>
				)}
			</Group>
			<Code block mb="xs">
				{op === 'insert'
					? `check: ${p.check ? inlineClause(p.check) : 'none, every row'}`
					: `filter: ${p.filter ? inlineClause(p.filter) : 'none, every row'}${p.check ? `\ncheck: ${inlineClause(p.check)}` : ''}`}
			</Code>
			{p.rows.length > 0 && (
				<section
					className={classes.preview}
					// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
					tabIndex={0}
					aria-label={`Rows as ${role} sees them`}
				>
					<table>
						<thead>
							<tr>
								<th scope="col">{VERB[op]}</th>
								{p.columns.map((c) => (
									<th key={c.name} scope="col" className={c.allowed ? undefined : classes.struck}>
										{c.name}
									</th>
								))}
							</tr>
						</thead>
						<tbody>
							{p.rows.map((r, i) => (
								<tr key={i} className={r.seen ? undefined : classes.hiddenRow}>
									<td>{r.seen ? 'yes' : 'no'}</td>
									{r.cells.map((v, k) => (
										<td key={p.columns[k]?.name} className={p.columns[k]?.allowed ? undefined : classes.struck}>
											{v ?? 'null'}
										</td>
									))}
								</tr>
							))}
						</tbody>
					</table>
				</section>
			)}
		</>
	);
}
