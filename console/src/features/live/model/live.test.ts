import { describe, expect, test } from 'vitest';
import {
	ago,
	causeText,
	type GroupInfo,
	headersOf,
	ranBetween,
	rowsOf,
	type Subscriptions,
	sizeChange,
	timeOf,
	titleOf,
	totalsOf,
} from './live';

const group = (id: string, role: string, query: string, statements = 1, name: string | null = null): GroupInfo => ({
	source: 'default',
	role,
	poller_id: id,
	multiplexed_query: 'SELECT',
	cohorts: null,
	weir: {
		operation_name: name,
		query,
		polled: false,
		level: 'logical',
		polled_why: null,
		cohorts: 2,
		statements,
		cohort_runs: 1,
		pushes: 3,
		cohort_runs_by: {},
	},
});

const state = (live: GroupInfo[], stream: GroupInfo[] = []): Subscriptions => ({
	options: { batch_size: 100, refetch_delay: 1 },
	live_queries_map: live,
	stream_queries_map: stream,
});

describe('live queries', () => {
	test.each([
		['newest', 'subscription { a }', 'newest'],
		[null, 'subscription Mine($n: Int) { article { id } }', 'Mine'],
		[null, 'subscription { alias: article(limit: 1) { id } }', 'article'],
		[undefined, undefined, 'subscription'],
	])('title of %s, %s', (name, query, title) => expect(titleOf(name, query)).toBe(title));

	test('rows are found by words of title, role and text', () => {
		const s = state(
			[group('1', 'user', '{ b { id } }'), group('2', 'admin', '{ a { id } }')],
			[group('3', 'user', '{ a_stream { id } }')],
		);
		expect(rowsOf(s, '').map((r) => [r.title, r.kind])).toEqual([
			['a', 'live query'],
			['a_stream', 'stream'],
			['b', 'live query'],
		]);
		expect(rowsOf(s, 'USER stream').map((r) => r.id)).toEqual(['3']);
	});

	test('times', () => {
		const at = '2026-11-29T22:13:44.306+0000';
		expect(timeOf(at)).toBe(Date.UTC(2026, 10, 29, 22, 13, 44, 306));
		const later = (ms: number) => ago(at, (timeOf(at) ?? 0) + ms);
		expect([later(300), later(20_000), later(600_000), later(7_200_000), later(3 * 86_400_000), ago(null, 0)]).toEqual([
			'now',
			'20 s ago',
			'10 min ago',
			'2 h ago',
			'3 days ago',
			'never',
		]);
	});

	test('causes', () =>
		expect([causeText('wal'), causeText('new'), causeText(null)]).toEqual([
			'a change in the write-ahead log',
			'new',
			'',
		]));
	test('sizes', () =>
		expect([sizeChange(10, 0), sizeChange(10, 10), sizeChange(12_345, 10)]).toEqual(['10 B', '10 B', '10 B → 12 kB']));
	test('totals', () =>
		expect(totalsOf(state([group('1', 'u', ''), group('2', 'u', '')]))).toEqual({
			groups: 2,
			cohorts: 4,
			statements: 2,
			pushes: 6,
		}));

	test('who ran between two looks', () => {
		const before = state([group('1', 'u', '', 1), group('2', 'u', '', 1)]);
		expect([
			...ranBetween(before, state([group('1', 'u', '', 2), group('2', 'u', '', 1), group('3', 'u', '', 1)])),
		]).toEqual(['1']);
		expect(ranBetween(undefined, before).size).toBe(0);
	});

	test('headers of a member', () => {
		const cohort = {
			variables: { session: { 'x-hasura-user-id': '2' }, query: {} },
			cohort: { resp_id: '', current_ops: [], new_ops: [], previous_result_hash: null },
		};
		expect(headersOf(group('1', 'user', ''), cohort)).toEqual({ 'x-hasura-role': 'user', 'x-hasura-user-id': '2' });
	});
});
