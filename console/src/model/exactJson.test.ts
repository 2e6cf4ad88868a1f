import { QueryClient, replaceEqualDeep } from '@tanstack/react-query';
import { describe, expect, it, vi } from 'vitest';
import { exportMetadata } from '@/api/client';
import { applyChange } from '@/api/hooks';
import { changesOf } from '@/features/settings/model/changes';
import { documentText, type Json, readDocument, yamlText } from '@/features/settings/model/document';
import { parseRule, ruleToJson, shownValue, typedValue } from './boolexp';
import { ExactNumber, exactNumber, parseKept } from './exactJson';
import { accessOf, saveOps, toDraft } from './permissions';

// One more than JavaScript's numbers can tell apart; more digits than they have; one they would write otherwise.
const BIG = '9007199254740993';
const LONG = '-12345678901234567890.12345678901234567890';
const PERMISSION = `{"columns":"*","filter":{"id":{"_in":[${BIG},7]},"price":{"_lt":${LONG}}},"check":{"_or":[{"id":{"_gt":1.50}}]},"set":{"id":${BIG}}}`;
const DOCUMENT = `{"version":3,"sources":[{"name":"default","kind":"postgres","tables":[{"table":{"schema":"public","name":"t"},"configuration":{"custom":${BIG}},"update_permissions":[{"role":"u","permission":${PERMISSION}}]}],"configuration":{}}]}`;
const doc = (text = DOCUMENT) => readDocument(text);

describe('numbers keep their digits', () => {
	it.each([BIG, `-${BIG}`, LONG, '1.50', '1e400', '-0'])('%s', (n) => {
		const found = parseKept(`{"a": [${n}, "${n}"]}`) as { a: unknown[] };
		expect(found.a[0]).toBeInstanceOf(ExactNumber);
		expect(exactNumber(found.a[0])).toBe(n);
		expect(JSON.stringify(found)).toBe(`{"a":[${n},"${n}"]}`);
	});
	it('and what JavaScript writes the same is a number', () =>
		expect(parseKept('[1, -2.5, 9007199254740991, 0, "1.50", null, {"a.e": 1.5}]')).toEqual(
			JSON.parse('[1, -2.5, 9007199254740991, 0, "1.50", null, {"a.e": 1.5}]'),
		));
	it('whatever the list of queries makes of an answer that came again', () => {
		const again = replaceEqualDeep(
			parseKept(`{"a": {"b": ${BIG}}, "c": 1}`),
			parseKept(`{"a": {"b": ${BIG}}, "c": 2}`),
		);
		expect(JSON.stringify(again)).toBe(`{"a":{"b":${BIG}},"c":2}`);
		const client = new QueryClient();
		for (const c of [1, 2]) client.setQueryData(['m'], parseKept(`{"b": ${BIG}, "c": ${c}}`));
		expect(JSON.stringify(client.getQueryData(['m']))).toBe(`{"b":${BIG},"c":2}`);
	});
});

describe('a permission', () => {
	const permission = parseKept(PERMISSION) as never;
	it('opened and saved is the same', () => {
		const target = { source: 'default', table: { schema: 'public', name: 't' }, role: 'u', op: 'update' as const };
		const [create] = saveOps(target, toDraft('update', permission), false);
		const sent = JSON.stringify((create as unknown as { args: { permission: unknown } }).args.permission);
		expect(parseKept(sent)).toEqual(permission);
		for (const n of [BIG, LONG, '1.50']) expect(sent).toContain(n);
	});
	it('goes through the builder', () => {
		const filter = (permission as { filter: unknown }).filter;
		expect(JSON.stringify(ruleToJson(parseRule(filter, () => false)))).toBe(
			`{"_and":[{"id":{"_in":[${BIG},7]}},{"price":{"_lt":${LONG}}}]}`,
		);
		expect(parseRule(parseKept(BIG), () => false)).toEqual({ kind: 'raw', value: new ExactNumber(BIG) });
		expect(shownValue(new ExactNumber(BIG))).toBe(BIG);
	});
	it('is typed with all digits', () => {
		expect(JSON.stringify(typedValue(`{"a": ${BIG}}`, 'json', 'jsonb'))).toBe(`{"a":${BIG}}`);
		expect(JSON.stringify(typedValue('1.50', 'value', 'float8'))).toBe('1.50');
		expect(typedValue(BIG, 'value', 'int8')).toBe(BIG);
		expect(typedValue('3', 'value', 'int4')).toBe(3);
	});
	it('has a limit as a number however it is written', () => {
		expect(toDraft('select', parseKept('{"columns":"*","filter":{},"limit":1e1}') as never).limit).toBe(10);
		const t = {
			table: { schema: 'public', name: 't' },
			select_permissions: [{ role: 'u', permission: parseKept('{"columns":"*","filter":{"id":1.0}}') }],
		};
		expect(accessOf(t as never, 'select', 'u', ['id'])).toBe('part');
	});
});

describe('a document', () => {
	it.each(['json', 'yaml'] as const)('as %s', (format) => {
		const text = documentText(doc(), format);
		for (const n of [BIG, LONG, '1.50']) expect(text).toContain(n);
		expect(text).not.toMatch(/source:|rawJSON|"source"/);
		expect(JSON.stringify(readDocument(text))).toBe(JSON.stringify(readDocument(documentText(doc(), 'json'))));
	});
	it('of YAML is read as it is written', () => {
		const text = yamlText(doc());
		expect(text).toContain(`- ${BIG}\n`);
		expect(yamlText(readDocument(text))).toBe(text);
		const found = readDocument(`version: 3\nsources: []\nx: [+${BIG}, 0x1F, 0o17, .5, 1_0, "${BIG}", .inf, 1.0]\n`);
		expect(JSON.stringify(found.x)).toBe(`[${BIG},31,15,0.5,"1_0","${BIG}",null,1.0]`);
		expect(yamlText({ a: BIG as Json })).toBe(`a: "${BIG}"\n`);
	});
	it('differs in a last digit', () => {
		expect(changesOf(doc(), doc())).toEqual([]);
		const other = doc(DOCUMENT.replaceAll(BIG, '9007199254740992'));
		expect(changesOf(doc(), other).map((c) => `${c.kind} ${c.type}`)).toEqual([
			'changed table',
			'changed update permission',
		]);
	});
});

describe('the calls', () => {
	it('read and send it', async () => {
		const sent: string[] = [];
		vi.stubGlobal('document', { baseURI: 'http://weir.test/console/' });
		vi.stubGlobal('fetch', async (_url: string, init: { body: string }) => {
			sent.push(init.body);
			return new Response(`{"resource_version":4,"metadata":${DOCUMENT}}`);
		});
		const { metadata, resource_version } = await exportMetadata();
		expect(resource_version).toBe(4);
		expect(JSON.stringify(metadata)).toBe(DOCUMENT);
		await applyChange({ ops: [{ type: 'replace_metadata', version: 2, args: { metadata } }], resourceVersion: 4 });
		expect(sent[1]).toContain(DOCUMENT);
		vi.unstubAllGlobals();
	});
});
