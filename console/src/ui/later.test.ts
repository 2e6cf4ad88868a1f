import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useReach } from '@/api/reach';
import { loadWhenThere } from './later';

let there: boolean;

beforeEach(() => {
	there = false;
	vi.stubGlobal('document', { baseURI: 'http://weir.test/console/', querySelectorAll: () => [] });
	vi.stubGlobal('fetch', () => (there ? Promise.resolve(new Response('{}')) : Promise.reject(new TypeError('gone'))));
});
afterEach(() => vi.unstubAllGlobals());

test('a part is awaited while the server is away, and loaded when it is there again', async () => {
	let asked = 0;
	const load = () => {
		asked += 1;
		return there ? Promise.resolve('the part') : Promise.reject(new TypeError('Failed to fetch'));
	};
	const loaded = loadWhenThere(load, 1);
	await vi.waitFor(() => expect(useReach.getState().away).toBe(true));
	there = true;
	expect(await loaded).toBe('the part');
	expect(asked).toBe(2);
	expect(useReach.getState().away).toBe(false);
});

test('a part that an answering server does not have is an error', async () => {
	there = true;
	const load = () => Promise.reject(new TypeError('Failed to fetch'));
	await expect(loadWhenThere(load, 1)).rejects.toThrow('Failed to fetch');
	expect(useReach.getState().away).toBe(false);
});
