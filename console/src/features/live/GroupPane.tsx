import { json } from '@codemirror/lang-json';
import { PostgreSQL } from '@codemirror/lang-sql';
import { ActionIcon, Badge, Button, Code, Group, Tabs, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Suspense, useEffect, useMemo, useState } from 'react';
import { request } from '@/api/client';
import { CodeEditor } from '@/ui/CodeEditor';
import { ErrorView } from '@/ui/ErrorView';
import { IconCross } from '@/ui/icons';
import { later } from '@/ui/later';
import { Empty, Loading } from '@/ui/Page';
import { plural } from '@/ui/plural';
import classes from './live.module.css';
import {
	ago,
	type CohortInfo,
	causeText,
	type GroupInfo,
	type LiveRow,
	levelText,
	type Subscriptions,
	sizeChange,
} from './model/live';
import { NOTHING, type Watched, watch } from './watch';

const DiffView = later(() => import('@/ui/DiffView').then((m) => ({ default: m.DiffView })));

const SHOWN = 100;
const JSON_LANGUAGE = [json()];

export function GroupPane(props: { row: LiveRow; now: number; moving: boolean; onClose: () => void }) {
	const { row, now, moving } = props;
	const [watched, setWatched] = useState<{ group: GroupInfo; cohort: CohortInfo } | null>(null);
	const w = row.group.weir;
	return (
		<aside className={classes.pane} aria-label={row.title}>
			<Group justify="space-between" wrap="nowrap" p="xs" pl="md">
				<Title order={2} size="h5" className={classes.name}>
					{row.title}
				</Title>
				<ActionIcon variant="subtle" color="gray" aria-label="Close" onClick={props.onClose}>
					<IconCross />
				</ActionIcon>
			</Group>
			<Text size="xs" c="dimmed" px="md" pb="xs">
				{w && (
					<>
						{row.group.thread_id && `On ${row.group.thread_id}. `}
						{w.polled ? `Polled${w.polled_why ? `: ${w.polled_why}` : ''}` : levelText(w.level)}. Runs by cause:{' '}
						{Object.entries(w.cohort_runs_by)
							.map(([cause, n]) => `${causeText(cause)} ${n}`)
							.join(', ') || 'none'}
						{w.last_duration !== undefined && `. The last statement took ${(w.last_duration * 1000).toFixed(1)} ms.`}
					</>
				)}
			</Text>
			{watched ? (
				<WatchPane {...watched} now={now} moving={moving} onEnd={() => setWatched(null)} />
			) : (
				<Tabs defaultValue="cohorts" className={classes.tabs}>
					<Tabs.List px="md">
						<Tabs.Tab value="cohorts">Cohorts ({w?.cohorts ?? '?'})</Tabs.Tab>
						<Tabs.Tab value="operation">Operation</Tabs.Tab>
						<Tabs.Tab value="sql">SQL</Tabs.Tab>
					</Tabs.List>
					<Tabs.Panel value="cohorts" className={classes.scroll}>
						<Cohorts
							row={row}
							now={now}
							moving={moving}
							onWatch={(cohort) => setWatched({ group: row.group, cohort })}
						/>
					</Tabs.Panel>
					<Tabs.Panel value="operation" className={classes.scroll}>
						<pre className={classes.text}>{w?.query ?? 'The server does not tell it.'}</pre>
					</Tabs.Panel>
					<Tabs.Panel value="sql" className={classes.scroll}>
						<Sql text={row.group.multiplexed_query} />
					</Tabs.Panel>
				</Tabs>
			)}
		</aside>
	);
}

function Sql({ text }: { text: string }) {
	const extensions = useMemo(() => [PostgreSQL.extension], []);
	return <CodeEditor label="SQL of the group" value={text} readOnly extensions={extensions} />;
}

function Cohorts(props: { row: LiveRow; now: number; moving: boolean; onWatch: (c: CohortInfo) => void }) {
	const { row, now } = props;
	const asked = useQuery({
		queryKey: ['live', row.id],
		queryFn: ({ signal }) =>
			request<Subscriptions>(
				'GET',
				`dev/subscriptions/extended?poller_id=${encodeURIComponent(row.id)}&limit=${SHOWN}`,
				undefined,
				{ signal },
			),
		refetchInterval: props.moving ? 2000 : false,
		retry: false,
	});
	if (asked.error) return <ErrorView error={asked.error} onRetry={asked.refetch} />;
	if (!asked.data) return <Loading />;
	const groups = [...asked.data.live_queries_map, ...asked.data.stream_queries_map];
	const cohorts = groups.find((g) => g.poller_id === row.id)?.cohorts ?? [];
	const total = row.group.weir?.cohorts ?? cohorts.length;
	if (cohorts.length === 0) return <Empty title="Its subscribers have left" />;
	return (
		<>
			{cohorts.map((c) => (
				<Cohort key={c.cohort.resp_id} cohort={c} now={now} onWatch={() => props.onWatch(c)} />
			))}
			{total > cohorts.length && (
				<Text size="sm" c="dimmed" p="sm">
					{cohorts.length} of {total.toLocaleString('en')} are shown.
				</Text>
			)}
		</>
	);
}

function Values({ title, values }: { title: string; values: Record<string, unknown> | undefined }) {
	const all = Object.entries(values ?? {});
	if (all.length === 0) return null;
	return (
		<div className={classes.values}>
			<Text span size="xs" c="dimmed">
				{title}
			</Text>
			{all.map(([name, value]) => (
				<Code key={name}>
					{name}: {typeof value === 'string' ? value : JSON.stringify(value)}
				</Code>
			))}
		</div>
	);
}

function Cohort({ cohort, now, onWatch }: { cohort: CohortInfo; now: number; onWatch: () => void }) {
	const w = cohort.weir;
	const { session, query, cursor } = cohort.variables;
	const plain = [session, query, cursor].every((v) => Object.keys(v ?? {}).length === 0);
	return (
		<article className={classes.cohort} aria-label={`Cohort ${JSON.stringify({ ...session, ...query })}`}>
			<Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
				<div>
					{plain && (
						<Text size="xs" c="dimmed">
							no variables
						</Text>
					)}
					<Values title="session" values={session} />
					<Values title="variables" values={query} />
					<Values title="cursor" values={cursor} />
				</div>
				{w && (
					<Button size="compact-xs" variant="default" onClick={onWatch}>
						Watch
					</Button>
				)}
			</Group>
			{w && (
				<Group gap="xs" mt={4}>
					<Text size="xs">{plural(w.subscribers, 'subscriber')}</Text>
					<Text size="xs">
						ran {ago(w.last_run, now)}: {causeText(w.last_cause)}
					</Text>
					<Text size="xs">
						changed {ago(w.last_change, now)}, {sizeChange(w.bytes, w.bytes_before)}
					</Text>
					{w.failing && (
						<Badge size="xs" color="red" variant="dot" tt="none">
							fails
						</Badge>
					)}
					{w.paused > 0 && (
						<Badge size="xs" color="yellow" variant="dot" tt="none" title="Their clients do not read">
							{w.paused} slow
						</Badge>
					)}
				</Group>
			)}
		</article>
	);
}

/** The console as one more member of the cohort: each result against the one before. */
function WatchPane(props: { group: GroupInfo; cohort: CohortInfo; now: number; moving: boolean; onEnd: () => void }) {
	const { group, cohort, moving } = props;
	const [seen, setSeen] = useState<Watched>(NOTHING);
	const [shown, setShown] = useState<Watched>(NOTHING);
	useEffect(() => watch(group, cohort, setSeen), [group, cohort]);
	useEffect(() => {
		if (moving) setShown(seen);
	}, [seen, moving]);
	const [before, after] = shown.texts;
	return (
		<div className={classes.watch}>
			<Group px="md" pb="xs" gap="sm">
				<Button size="compact-sm" variant="default" onClick={props.onEnd}>
					Back to the cohorts
				</Button>
				<Text size="xs" role="status">
					{shown.ended ??
						(shown.count === 0
							? 'Waiting for the first result…'
							: `${plural(shown.count, 'result')}, the last one ${ago(new Date(shown.at ?? 0).toISOString(), props.now)}`)}
					{seen.count > shown.count && ` (${seen.count - shown.count} more while the view is paused)`}
				</Text>
			</Group>
			<Text size="xs" c="dimmed" px="md" pb="xs">
				{shown.count > 1
					? 'The last result against the one before:'
					: 'The result; the next one is shown as a difference.'}
			</Text>
			<div className={classes.scroll}>
				{before === undefined || after === undefined ? (
					<CodeEditor label="Result" value={shown.texts[0] ?? ''} readOnly extensions={JSON_LANGUAGE} />
				) : (
					<Suspense fallback={<Loading />}>
						<DiffView
							label="Result"
							before={before}
							after={after}
							language={JSON_LANGUAGE}
							sideBySide={false}
							maxHeight="100%"
						/>
					</Suspense>
				)}
			</div>
		</div>
	);
}
