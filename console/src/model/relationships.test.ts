import { describe, expect, it } from 'vitest';
import type { ForeignKey } from './catalog';
import type { SourceMetadata } from './metadata';
import { camel, nameSuggestions, plural, singular, suggestionOp, suggestRelationships } from './relationships';

const t = (name: string) => ({ schema: 'public', name });
const fk = (from: string, column: string, to: string, unique = false): ForeignKey => ({
	table: t(from),
	constraint: `${from}_${column}`,
	columns: [column],
	target: t(to),
	targetColumns: ['id'],
	unique,
});
const source = (...tables: SourceMetadata['tables']): SourceMetadata => ({
	name: 'default',
	kind: 'postgres',
	configuration: {},
	tables,
});

describe('words', () => {
	it.each([
		['blog_category', 'blog_categories'],
		['article', 'articles'],
		['auth_user', 'auth_users'],
		['box', 'boxes'],
		['articles', 'articles'],
		['address', 'addresses'],
		['status', 'statuses'],
	])('%s, many: %s', (one, many) => expect(plural(one)).toBe(many));
	it.each([
		['blog_categories', 'blog_category'],
		['articles', 'article'],
		['address', 'address'],
		['boxes', 'box'],
	])('%s, one: %s', (many, one) => expect(singular(many)).toBe(one));
	it('camel case', () => expect(camel('medium_article')).toBe('mediumArticle'));
});

describe('suggestRelationships', () => {
	const fks = [fk('medium_article', 'author_id', 'auth_user'), fk('profile', 'user_id', 'auth_user', true)];
	const tables = source({ table: t('medium_article') }, { table: t('auth_user') }, { table: t('profile') });
	it('goes both ways, and knows one-to-one', () => {
		const found = suggestRelationships(tables, fks);
		expect(found.map((s) => [s.table.name, s.kind, s.names.short, s.names['by-column']])).toEqual([
			['medium_article', 'object', 'author', 'authUserByauthorId'],
			['auth_user', 'array', 'medium_articles', 'mediumArticlesByauthorId'],
			['profile', 'object', 'user', 'authUserByuserId'],
			['auth_user', 'object', 'profile', 'profileByuserId'],
		]);
	});
	it('leaves the application out of short names', () => {
		const md = source({ table: t('blog_author') }, { table: t('blog_article') }, { table: t('blog') });
		const names = [fk('blog_article', 'author_id', 'blog_author'), fk('blog_article', 'blog_id', 'blog')];
		expect(suggestRelationships(md, names).map((s) => s.names.short)).toEqual([
			'author',
			'articles',
			'blog',
			'blog_articles',
		]);
	});
	it('wants both tables tracked', () => {
		expect(suggestRelationships(source({ table: t('medium_article') }), fks)).toEqual([]);
	});
	it('leaves out what is there, by constraint or by hand', () => {
		const there = source(
			{
				table: t('medium_article'),
				object_relationships: [{ name: 'a', using: { foreign_key_constraint_on: 'author_id' } }],
			},
			{
				table: t('auth_user'),
				array_relationships: [
					{
						name: 'b',
						using: { manual_configuration: { remote_table: t('medium_article'), column_mapping: { id: 'author_id' } } },
					},
				],
			},
		);
		expect(suggestRelationships(there, fks)).toEqual([]);
	});
	it('names do not clash', () => {
		const two = [fk('message', 'from_id', 'auth_user'), fk('message', 'to_id', 'auth_user')];
		const md = source({ table: t('message') }, { table: t('auth_user') });
		const list = suggestRelationships(md, two);
		const names = nameSuggestions(list, 'short', md, (x) => (x.name === 'message' ? ['to'] : []));
		expect(list.map((s) => names.get(s.id))).toEqual(['from', 'messages', 'to_by_to_id', 'messages_by_to_id']);
	});
	it('becomes the operation of the metadata API', () => {
		const [one, many] = suggestRelationships(tables, fks);
		if (!one || !many) throw new Error('two suggestions');
		expect(suggestionOp(one, 'author', 'default')).toEqual({
			type: 'pg_create_object_relationship',
			args: {
				source: 'default',
				table: t('medium_article'),
				name: 'author',
				using: { foreign_key_constraint_on: 'author_id' },
			},
		});
		expect(suggestionOp(many, 'articles', 'default').args).toMatchObject({
			table: t('auth_user'),
			using: { foreign_key_constraint_on: { table: t('medium_article'), column: 'author_id' } },
		});
	});
});
