import { expect, test } from 'vitest';
import { plural } from './plural';

test.each([
	[0, '0 rows'],
	[1, '1 row'],
	[1200, '1,200 rows'],
])('%i', (n, text) => expect(plural(n, 'row')).toBe(text));
