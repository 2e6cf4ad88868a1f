import { describe, expect, test } from 'vitest';
import { dateOf, type MigrationRow, newestFirst, stateOf, summary } from './status';

const row = (more: Partial<MigrationRow>): MigrationRow => ({
	version: '1700000000000',
	name: 'x',
	in_files: true,
	in_database: false,
	begun: false,
	edited: false,
	...more,
});

describe('migrations', () => {
	test.each([
		[{}, 'not applied'],
		[{ in_database: true }, 'applied'],
		[{ in_database: true, edited: true }, 'applied, edited since'],
		[{ in_database: true, in_files: false }, 'applied, no file'],
		[{ begun: true }, 'begun, not finished'],
	])('%j is %s', (more, label) => expect(stateOf(row(more)).label).toBe(label));

	test('whatever is not as it should be says what to do', () => {
		for (const more of [
			{},
			{ begun: true },
			{ in_database: true, edited: true },
			{ in_database: true, in_files: false },
		])
			expect(stateOf(row(more)).advice).toBeTruthy();
	});

	test('dates of versions', () => {
		expect(dateOf('1700000000000')?.toISOString()).toBe('2023-11-14T22:13:20.000Z');
		expect(dateOf('1')).toBeNull();
		expect(dateOf('20231114221320')).toBeNull();
	});

	test('newest first, by number', () =>
		expect(
			newestFirst([row({ version: '9' }), row({ version: '10' }), row({ version: '2' })]).map((m) => m.version),
		).toEqual(['10', '9', '2']));

	test('summary', () => {
		expect(summary([])).toBe('No migrations');
		expect(summary([row({ in_database: true }), row({})])).toBe('1 applied, 1 not applied');
	});
});
