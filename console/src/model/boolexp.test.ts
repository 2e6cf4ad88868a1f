import { describe, expect, it } from 'vitest';
import { operatorsFor, parseRule, ruleToJson, sessionVariables, shownValue, typedValue } from './boolexp';

const isRelation = (path: string[], name: string) => name === 'author' || (path.at(-1) === 'author' && name === 'team');
const there = (json: unknown) => ruleToJson(parseRule(json, isRelation));

describe('rules: JSON to tree and back', () => {
	it.each([
		[{}],
		[{ id: { _eq: 'X-Hasura-User-Id' } }],
		[{ _and: [{ a: { _gt: 1 } }, { _or: [{ b: { _in: [1, 2] } }, { _not: { c: { _is_null: true } } }] }] }],
		[{ author: { team: { id: { _eq: 'X-Hasura-Team' } } } }],
		[{ _exists: { _table: { schema: 'public', name: 'members' }, _where: { user_id: { _eq: 'X-Hasura-User-Id' } } } }],
		[{ author: {} }],
		[{ _or: [] }],
		[{ _and: [{ full_name: 'plain' }, { _unknown: 3 }] }],
	])('%j stays as it is', (json) => expect(there(json)).toEqual(json));

	it('several keys are an _and', () => {
		expect(there({ a: { _gt: 1, _lt: 9 }, author: { id: { _eq: 2 } } })).toEqual({
			_and: [{ a: { _gt: 1 } }, { a: { _lt: 9 } }, { author: { id: { _eq: 2 } } }],
		});
	});
	it('the old spelling with $', () => {
		expect(there({ $and: [{ id: { $eq: 1 } }] })).toEqual({ _and: [{ id: { _eq: 1 } }] });
	});
	it('a relationship is known by its table', () => {
		expect(parseRule({ team: { id: { _eq: 1 } } }, isRelation)).toEqual({
			kind: 'raw',
			value: { team: { id: { _eq: 1 } } },
		});
	});
	it('depth is bounded', () => {
		let deep: unknown = {};
		for (let i = 0; i < 500; i++) deep = { _not: deep };
		expect(there(deep)).toEqual(deep);
	});
});

describe('values', () => {
	it('session variables of a rule', () => {
		expect(
			sessionVariables({ _or: [{ a: { _eq: 'X-Hasura-User-Id' } }, { b: { _in: ['x-hasura-b', 'c'] } }] }),
		).toEqual(['x-hasura-b', 'x-hasura-user-id']);
	});
	it.each([
		['12', 'value', 'int4', 12],
		['12', 'value', 'int8', '12'],
		['012', 'value', 'int4', '012'],
		['12', 'value', 'text', '12'],
		['true', 'value', 'bool', true],
		['X-Hasura-User-Id', 'value', 'int4', 'X-Hasura-User-Id'],
		['a, b', 'list', 'text', ['a', 'b']],
		['X-Hasura-Ids', 'list', 'int4', 'X-Hasura-Ids'],
		['false', 'boolean', 'int4', false],
		['{"a": 1}', 'json', 'jsonb', { a: 1 }],
	] as const)('%s as %s of %s', (text, takes, base, value) => expect(typedValue(text, takes, base)).toEqual(value));
	it('shown again', () => expect(shownValue(['a', 1, true])).toBe('a, 1, true'));
	it('NULL is shown as nothing', () => expect(shownValue(null)).toBe(''));
	it('operators by type', () => {
		expect(operatorsFor('int4').map((o) => o.op)).not.toContain('_like');
		expect(operatorsFor('jsonb').map((o) => o.op)).toContain('_has_key');
	});
});
