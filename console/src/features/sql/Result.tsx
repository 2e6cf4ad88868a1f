import { Button, Group, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { parsePlan } from '@/model/plan';
import { Choice } from '@/ui/Choice';
import { download, stamp } from '@/ui/download';
import { ErrorView } from '@/ui/ErrorView';
import { IconCopy, IconDownload } from '@/ui/icons';
import { Empty } from '@/ui/Page';
import { PlanTree } from '@/ui/PlanTree';
import { plural } from '@/ui/plural';
import { copyText } from './copyText';
import { csv, jsonRows, type ResultTable, tsv } from './model/table';
import { ResultGrid } from './ResultGrid';
import type { Outcome } from './run';
import classes from './sql.module.css';
import type { Shown } from './useRunner';

const DOWNLOAD = <IconDownload size={12} />;

export function Result({ shown, onAll }: { shown: Shown; onAll: () => void }) {
	switch (shown.kind) {
		case 'running':
			return <Running since={shown.since} />;
		case 'failed':
			return (
				<div className={classes.pad}>
					<ErrorView error={shown.error} />
				</div>
			);
		case 'plan':
			return <Plan lines={shown.lines} />;
		case 'done':
			return <Done outcome={shown.outcome} onAll={onAll} />;
		default:
			return (
				<div className={classes.pad}>
					<Empty title="No result yet">
						Ctrl-Enter runs the chosen text, or all of it; Ctrl-Shift-Enter explains it.
					</Empty>
				</div>
			);
	}
}

function Running({ since }: { since: number }) {
	const [now, setNow] = useState(since);
	useEffect(() => {
		const timer = setInterval(() => setNow(performance.now()), 250);
		return () => clearInterval(timer);
	}, []);
	return (
		<div className={classes.status} role="status">
			<span>Running…</span>
			{now - since > 1000 && <span aria-hidden="true">{((now - since) / 1000).toFixed(0)} s</span>}
		</div>
	);
}

function Done({ outcome, onAll }: { outcome: Outcome; onAll: () => void }) {
	const { table, notes, trouble } = outcome;
	return (
		<div className={classes.result}>
			<div className={classes.status} role="status">
				<span>
					{table
						? outcome.more
							? `The first ${plural(table.rows.length, 'row')}`
							: plural(table.rows.length, 'row')
						: 'Done'}
				</span>
				<span>{outcome.ms.toFixed(outcome.ms < 10 ? 1 : 0)} ms</span>
				{outcome.statements > 1 && (
					<Text span size="xs" c="dimmed">
						{outcome.statements} statements{table ? ', rows of the last one' : ''}
					</Text>
				)}
				{notes.map((n) => (
					<span key={n}>{n}</span>
				))}
				{outcome.more && (
					<Button size="compact-xs" variant="default" onClick={onAll}>
						There are more: fetch all
					</Button>
				)}
				<span className={classes.grow} />
				{table && <Take table={table} />}
			</div>
			{trouble !== null && (
				<div className={classes.pad}>
					<ErrorView error={trouble} title="It ran; what follows it did not" />
				</div>
			)}
			{table ? (
				table.rows.length > 0 ? (
					<ResultGrid table={table} />
				) : (
					<div className={classes.pad}>
						<Empty title="No rows">{table.columns.join(', ')}</Empty>
					</div>
				)
			) : (
				<div className={classes.pad}>
					<Text size="sm" c="dimmed">
						The statement gives no rows.
					</Text>
				</div>
			)}
		</div>
	);
}

function Take({ table }: { table: ResultTable }) {
	const all = () => tsv([table.columns, ...table.rows]);
	const ways = [
		{ label: 'Copy', icon: <IconCopy size={12} />, run: () => copyText(all(), `${table.rows.length} rows`) },
		{ label: 'CSV', icon: DOWNLOAD, run: () => download(`result_${stamp()}.csv`, csv(table), 'text/csv') },
		{
			label: 'JSON',
			icon: DOWNLOAD,
			run: () => download(`result_${stamp()}.json`, jsonRows(table), 'application/json'),
		},
	];
	return (
		<Group gap={4}>
			{ways.map((w) => (
				<Button key={w.label} size="compact-xs" variant="subtle" color="gray" leftSection={w.icon} onClick={w.run}>
					{w.label}
				</Button>
			))}
		</Group>
	);
}

function Plan({ lines }: { lines: string[] }) {
	const [as, setAs] = useState('tree');
	const plan = parsePlan(lines);
	return (
		<div className={classes.result}>
			<div className={classes.status} role="status">
				<span>Plan{plan ? `, cost ${plan.cost}` : ''}</span>
				{lines
					.filter((l) => /^(Planning|Execution) Time/.test(l))
					.map((l) => (
						<span key={l}>{l}</span>
					))}
				<span className={classes.grow} />
				<Button size="compact-xs" variant="subtle" color="gray" onClick={() => copyText(lines.join('\n'), 'the plan')}>
					Copy
				</Button>
				<Choice
					label="Show the plan as"
					value={as}
					onChange={setAs}
					options={[
						['tree', 'Tree'],
						['text', 'Text'],
					]}
				/>
			</div>
			<div className={classes.pad}>
				{plan && as === 'tree' ? <PlanTree plan={plan} /> : <pre>{lines.join('\n')}</pre>}
			</div>
		</div>
	);
}
