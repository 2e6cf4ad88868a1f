import { describe, expect, it } from 'vitest';
import type { PaletteAction } from './feature';
import { findActions } from './findActions';

const action = (label: string, more: Partial<PaletteAction> = {}): PaletteAction => ({
	id: label,
	label,
	group: 'Tables',
	run: () => {},
	...more,
});

const all = [
	action('blog_article'),
	action('article'),
	action('Track all', { group: 'Actions' }),
	action('article_tag'),
];

describe('findActions', () => {
	it('gives the first ones when nothing is asked', () => {
		expect(findActions(all, ' ', 2).map((a) => a.label)).toEqual(['blog_article', 'article']);
	});
	it('puts the exact name first, then beginnings, then words inside', () => {
		expect(findActions(all, 'article', 9).map((a) => a.label)).toEqual(['article', 'article_tag', 'blog_article']);
	});
	it('wants every word, wherever it stands', () => {
		expect(findActions(all, 'all actions', 9).map((a) => a.label)).toEqual(['Track all']);
		expect(findActions(all, 'article nothing', 9)).toEqual([]);
	});
});
