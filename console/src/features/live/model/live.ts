// What GET /dev/subscriptions tells, for people. `weir` is missing where another engine answers.

export interface CohortInfo {
	variables: {
		session: Record<string, string>;
		query: Record<string, unknown>;
		synthetic?: Record<string, string | null> | (string | null)[];
		cursor?: Record<string, string | null>;
	};
	cohort: { resp_id: string; current_ops: unknown[]; new_ops: unknown[]; previous_result_hash: string | null };
	held?: unknown;
	weir?: {
		operation_name: string | null;
		query: string;
		subscribers: number;
		paused: number;
		failing: boolean;
		last_run: string | null;
		last_cause: string | null;
		last_change: string | null;
		bytes: number;
		bytes_before: number;
	};
}

export interface GroupInfo {
	source: string;
	role: string;
	poller_id: string;
	/** "worker 0": each worker has groups of its own. */
	thread_id?: string;
	multiplexed_query: string;
	cohorts: CohortInfo[] | null;
	weir?: {
		operation_name?: string | null;
		query?: string;
		polled: boolean;
		level: string;
		polled_why: string | null;
		cohorts: number;
		statements: number;
		cohort_runs: number;
		pushes: number;
		cohort_runs_by: Record<string, number>;
		last_run?: string;
		last_cause?: string;
		last_duration?: number;
	};
}

export interface SourceInfo {
	source: string;
	level: string;
	why: string;
	best_level: string;
	since_ms: number;
}

export interface Subscriptions {
	options: { batch_size: number; refetch_delay: number };
	live_queries_map: GroupInfo[];
	stream_queries_map: GroupInfo[];
	weir?: { sources: SourceInfo[] };
}

export interface LiveRow {
	id: string;
	kind: 'live query' | 'stream';
	title: string;
	/** Found by these words. */
	text: string;
	group: GroupInfo;
}

/** The operation's name, else what it asks for. */
export function titleOf(name: string | null | undefined, query: string | undefined): string {
	if (name) return name;
	if (!query) return 'subscription';
	const named = /\bsubscription\s+(\w+)/.exec(query)?.[1];
	const field = /\{\s*(?:\w+\s*:\s*)?(\w+)/.exec(query)?.[1];
	return named ?? field ?? 'subscription';
}

export function rowsOf(s: Subscriptions, filter: string): LiveRow[] {
	const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
	const row =
		(kind: LiveRow['kind']) =>
		(group: GroupInfo): LiveRow => {
			const title = titleOf(group.weir?.operation_name, group.weir?.query);
			const text =
				`${title} ${group.role} ${group.source} ${kind} ${group.weir?.query ?? group.multiplexed_query}`.toLowerCase();
			return { id: group.poller_id, kind, title, text, group };
		};
	return [...s.live_queries_map.map(row('live query')), ...s.stream_queries_map.map(row('stream'))]
		.filter((r) => words.every((w) => r.text.includes(w)))
		.sort(
			(a, b) => a.title.localeCompare(b.title) || a.group.role.localeCompare(b.group.role) || (a.id < b.id ? -1 : 1),
		);
}

/** The server writes +0000, which not every browser reads. */
export function timeOf(text: string | null | undefined): number | null {
	if (!text) return null;
	const ms = Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
	return Number.isNaN(ms) ? null : ms;
}

export function ago(text: string | null | undefined, now: number): string {
	const at = timeOf(text);
	if (at === null) return 'never';
	const seconds = Math.max(0, (now - at) / 1000);
	if (seconds < 1.5) return 'now';
	if (seconds < 90) return `${Math.round(seconds)} s ago`;
	if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
	return seconds < 129_600 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} days ago`;
}

const CAUSES: Record<string, string> = {
	subscribe: 'somebody subscribed',
	poll: 'the refetch interval',
	retry: 'it had failed',
	more: 'a full batch of a stream',
	wal: 'a change in the write-ahead log',
	probe: 'a probe saw a change',
	truth: 'the slow check behind the change feed',
	level: 'the change feed began or ended',
};

export const causeText = (cause: string | null | undefined) => (cause ? (CAUSES[cause] ?? cause) : '');

const LEVELS: Record<string, string> = {
	logical: 'Runs when logical decoding names a change: nothing at rest',
	probe: 'A small probe each interval says whether anything was written',
	poll: 'Every query runs each interval',
};

export const levelText = (level: string) => LEVELS[level] ?? level;

export function sizeChange(bytes: number, before: number): string {
	const size = (n: number) =>
		n < 10_000 ? `${n} B` : n < 1e7 ? `${(n / 1000).toFixed(0)} kB` : `${(n / 1e6).toFixed(0)} MB`;
	if (before === 0 || before === bytes) return size(bytes);
	return `${size(before)} → ${size(bytes)}`;
}

/** The headers that make the console a member of this cohort. */
export function headersOf(group: GroupInfo, cohort: CohortInfo): Record<string, string> {
	return { 'x-hasura-role': group.role, ...cohort.variables.session };
}

export interface Totals {
	groups: number;
	cohorts: number;
	statements: number;
	pushes: number;
}

export function totalsOf(s: Subscriptions): Totals {
	const all = [...s.live_queries_map, ...s.stream_queries_map];
	const sum = (of: (g: GroupInfo) => number | undefined) => all.reduce((n, g) => n + (of(g) ?? 0), 0);
	return {
		groups: all.length,
		cohorts: sum((g) => g.weir?.cohorts ?? g.cohorts?.length),
		statements: sum((g) => g.weir?.statements),
		pushes: sum((g) => g.weir?.pushes),
	};
}

/** Groups that ran between two looks. */
export function ranBetween(before: Subscriptions | undefined, after: Subscriptions): Set<string> {
	const found = new Set<string>();
	if (!before) return found;
	const old = new Map(
		[...before.live_queries_map, ...before.stream_queries_map].map((g) => [g.poller_id, g.weir?.statements]),
	);
	for (const g of [...after.live_queries_map, ...after.stream_queries_map]) {
		const was = old.get(g.poller_id);
		if (was !== undefined && g.weir && g.weir.statements > was) found.add(g.poller_id);
	}
	return found;
}
