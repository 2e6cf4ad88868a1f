// The live inspector: what is subscribed to, when it ran last and why, and how results change.

import { Alert, Badge, Button, Code, Group, Text, TextInput, Tooltip, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { request } from '@/api/client';
import { asApiError } from '@/api/errors';
import { useSession } from '@/api/session';
import { ErrorView } from '@/ui/ErrorView';
import { IconPause, IconPlay, IconSearch } from '@/ui/icons';
import { Empty, Loading, Page } from '@/ui/Page';
import { plural } from '@/ui/plural';
import { VirtualList } from '@/ui/VirtualList';
import { GroupPane } from './GroupPane';
import classes from './live.module.css';
import {
	ago,
	causeText,
	type LiveRow,
	levelText,
	ranBetween,
	rowsOf,
	type Subscriptions,
	totalsOf,
} from './model/live';

const EVERY = 2000;

/** Now, moving while the view does. */
export function useNow(moving: boolean): number {
	const [now, setNow] = useState(Date.now());
	useEffect(() => {
		if (!moving) return;
		const timer = setInterval(() => setNow(Date.now()), 1000);
		return () => clearInterval(timer);
	}, [moving]);
	return now;
}

export default function LivePage() {
	const [paused, setPaused] = useState(false);
	const served = useSession((s) => s.config?.developerApi);
	const asked = useQuery({
		queryKey: ['live'],
		queryFn: ({ signal }) => request<Subscriptions>('GET', 'dev/subscriptions', undefined, { signal }),
		refetchInterval: paused ? false : EVERY,
		retry: false,
		enabled: served !== false,
	});
	const off = served === false || (asked.error !== null && asApiError(asked.error).status === 404);
	return (
		<Page
			title="Live queries"
			fill
			actions={
				!off && (
					<Button
						size="xs"
						variant={paused ? 'filled' : 'default'}
						leftSection={paused ? <IconPlay size={12} /> : <IconPause size={12} />}
						aria-pressed={paused}
						onClick={() => setPaused(!paused)}
					>
						{paused ? 'Go on' : 'Pause the view'}
					</Button>
				)
			}
		>
			{off ? (
				<div className={classes.pad}>
					<Off />
				</div>
			) : asked.data ? (
				<Inspector data={asked.data} moving={!paused} error={asked.error} />
			) : asked.error ? (
				<div className={classes.pad}>
					<ErrorView error={asked.error} onRetry={asked.refetch} />
				</div>
			) : (
				<Loading what="Asking what is subscribed to" />
			)}
		</Page>
	);
}

function Off() {
	return (
		<Alert color="blue" variant="light" title="The developer API is off">
			<Text size="sm" mb="xs">
				This page reads <Code>/dev/subscriptions</Code>, which only admins may ask and which a server serves when{' '}
				<Code>developer</Code> is among its APIs. Start it with
			</Text>
			<Code block>--enabled-apis metadata,graphql,config,developer</Code>
			<Text size="sm" mt="xs">
				or HASURA_GRAPHQL_ENABLED_APIS with the same list. Subscriptions work without it.
			</Text>
		</Alert>
	);
}

function Inspector({ data, moving, error }: { data: Subscriptions; moving: boolean; error: unknown }) {
	const now = useNow(moving);
	const [filter, setFilter] = useState('');
	const [chosen, setChosen] = useState<string | null>(null);
	const last = useRef<{ data: Subscriptions; before?: Subscriptions }>({ data });
	if (last.current.data !== data) last.current = { data, before: last.current.data };
	const ran = ranBetween(last.current.before, data);
	const rows = useMemo(() => rowsOf(data, filter), [data, filter]);
	const totals = totalsOf(data);
	const row = rows.find((r) => r.id === chosen);
	return (
		<div className={classes.page}>
			<div className={row ? `${classes.left} ${classes.narrow}` : classes.left}>
				<div className={classes.bar}>
					<TextInput
						size="xs"
						type="search"
						w={220}
						aria-label="Find an operation"
						placeholder="Operation, role, field"
						leftSection={<IconSearch size={13} />}
						value={filter}
						onChange={(e) => setFilter(e.currentTarget.value)}
					/>
					<Text size="xs" c="dimmed">
						{plural(totals.groups, 'group')}, {plural(totals.cohorts, 'cohort')},{' '}
						{plural(totals.statements, 'statement')}, {plural(totals.pushes, 'result')} pushed
					</Text>
					<span className={classes.grow} />
					{data.weir?.sources.map((s) => (
						<Tooltip key={s.source} multiline w={280} label={`${levelText(s.level)} (${s.why})`}>
							<Badge
								tabIndex={0}
								variant="dot"
								tt="none"
								color={s.level === 'logical' ? 'teal' : s.level === 'probe' ? 'blue' : 'orange'}
							>
								{s.source}: {s.level}
							</Badge>
						</Tooltip>
					))}
				</div>
				{error !== null && <ErrorView error={error} />}
				{rows.length === 0 ? (
					<div className={classes.pad}>
						<Empty title={totals.groups === 0 ? 'Nobody subscribes at the moment' : 'No operation with these words'}>
							{totals.groups === 0 && 'Subscriptions appear here as soon as a client opens one.'}
						</Empty>
					</div>
				) : (
					<>
						<div className={`${classes.row} ${classes.head}`} aria-hidden="true">
							<span>Operation</span>
							<span>Role</span>
							<span>Level</span>
							<span className={classes.number}>Cohorts</span>
							<span className={classes.number}>Runs</span>
							<span className={classes.number}>Pushes</span>
							<span>Last run</span>
						</div>
						<div className={classes.list}>
							<VirtualList
								label="Groups of subscriptions"
								items={rows}
								rowHeight={44}
								keyOf={(r) => r.id}
								render={(r) => (
									<GroupRow
										row={r}
										now={now}
										ran={ran.has(r.id)}
										chosen={r.id === chosen}
										onChoose={() => setChosen(r.id)}
									/>
								)}
							/>
						</div>
					</>
				)}
			</div>
			{row && <GroupPane key={row.id} row={row} now={now} moving={moving} onClose={() => setChosen(null)} />}
		</div>
	);
}

function GroupRow(props: { row: LiveRow; now: number; ran: boolean; chosen: boolean; onChoose: () => void }) {
	const { row, now, ran } = props;
	const w = row.group.weir;
	return (
		<button type="button" className={classes.row} aria-pressed={props.chosen} onClick={props.onChoose}>
			<span className={classes.title}>
				<span className={classes.dot} data-ran={ran} />
				<span className={classes.name}>{row.title}</span>
				{row.kind === 'stream' && (
					<Badge size="xs" variant="default" tt="none">
						stream
					</Badge>
				)}
			</span>
			<span>
				<VisuallyHidden>{row.kind} of role</VisuallyHidden> {row.group.role}
			</span>
			<span>{w?.polled ? 'poll' : w?.level}</span>
			<span className={classes.number}>
				{w?.cohorts} <VisuallyHidden>cohorts</VisuallyHidden>
			</span>
			<span className={classes.number}>
				{w?.statements} <VisuallyHidden>runs</VisuallyHidden>
			</span>
			<span className={classes.number}>
				{w?.pushes} <VisuallyHidden>pushes</VisuallyHidden>
			</span>
			<Group gap={6} wrap="nowrap">
				<span className={classes.when}>{ago(w?.last_run, now)}</span>
				<Text span size="xs" c="dimmed" truncate className={classes.cause}>
					{causeText(w?.last_cause)}
				</Text>
			</Group>
		</button>
	);
}
