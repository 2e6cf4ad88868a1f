import { expect, test } from 'vitest';
import { prettyJson, sizeText } from './prettyJson';

test('laid out as JSON.stringify does', () => {
	const value = { a: [1, 'x,"{}[]:\\', { b: null }], e: [], o: {}, t: true };
	expect(prettyJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
	expect(prettyJson(JSON.stringify(value, null, 4))).toBe(JSON.stringify(value, null, 2));
});

test('every digit is kept', () => {
	expect(prettyJson('{"n":9223372036854775807}')).toBe('{\n  "n": 9223372036854775807\n}');
});

test('sizes', () => {
	expect([sizeText(10), sizeText(2048), sizeText(3 << 20)]).toEqual(['10 B', '2.0 KiB', '3.0 MiB']);
});
