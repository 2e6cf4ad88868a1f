// What a script is going to do, said before it runs.
import type { QualifiedName } from '@/model/metadata';
import type { Statement, Token } from './statements';

export interface Created extends QualifiedName {
	kind: 'table' | 'view' | 'materialized view' | 'foreign table' | 'function';
}

export interface Description {
	/** "create table author". */
	schemaChanges: string[];
	writes: boolean;
	/** What is lost and does not come back. */
	dangers: string[];
	/** In their order, without temporary ones and partitions. */
	creates: Created[];
}

const SCHEMA_WORDS = new Set([
	'create',
	'alter',
	'drop',
	'comment',
	'grant',
	'revoke',
	'security',
	'reassign',
	'import',
]);
const WRITE_WORDS = new Set([
	'insert',
	'update',
	'delete',
	'merge',
	'truncate',
	'copy',
	'do',
	'call',
	'refresh',
	'lock',
]);

const isWord = (t: Token | undefined, ...words: string[]) => t?.kind === 'word' && words.includes(t.text);

/** Name at `at`: "schema"."name", name; and the place behind it. */
export function nameAt(tokens: Token[], at: number): { name: QualifiedName; next: number } | null {
	const first = tokens[at];
	if (!first || (first.kind !== 'word' && first.kind !== 'name')) return null;
	const second = tokens[at + 2];
	if (tokens[at + 1]?.text === '.' && second && (second.kind === 'word' || second.kind === 'name'))
		return { name: { schema: first.text, name: second.text }, next: at + 3 };
	return { name: { schema: 'public', name: first.text }, next: at + 1 };
}

function skip(tokens: Token[], at: number, ...words: string[]): number {
	return words.every((w, i) => isWord(tokens[at + i], w)) ? at + words.length : at;
}

/** Kind of a CREATE and where its name begins. */
export function createdKind(tokens: Token[]): { kind: string; at: number; temporary: boolean } | null {
	if (!isWord(tokens[0], 'create')) return null;
	let at = skip(tokens, 1, 'or', 'replace');
	let temporary = false;
	while (isWord(tokens[at], 'global', 'local', 'temp', 'temporary', 'unlogged', 'recursive', 'unique')) {
		temporary ||= isWord(tokens[at], 'temp', 'temporary');
		at++;
	}
	const two = isWord(tokens[at], 'materialized', 'foreign') && isWord(tokens[at + 1], 'view', 'table');
	const kind = two ? `${tokens[at]?.text} ${tokens[at + 1]?.text}` : (tokens[at]?.text ?? '');
	at = skip(tokens, at + (two ? 2 : 1), 'concurrently');
	return { kind, at: skip(tokens, at, 'if', 'not', 'exists'), temporary };
}

const TRACKABLE = ['table', 'view', 'materialized view', 'foreign table', 'function'];

function createdBy({ tokens }: Statement): Created | null {
	const found = createdKind(tokens);
	if (!found || found.temporary || !TRACKABLE.includes(found.kind)) return null;
	const named = nameAt(tokens, found.at);
	if (!named || isWord(tokens[named.next], 'partition')) return null;
	return { ...named.name, kind: found.kind as Created['kind'] };
}

/** SELECT … INTO makes a table as well. */
function selectsInto({ tokens }: Statement): boolean {
	return isWord(tokens[0], 'select', 'with') && tokens.some((t) => isWord(t, 'into')) && !writesInside(tokens);
}

const writesInside = (tokens: Token[]) =>
	tokens.some(
		(t, i) => isWord(t, 'insert', 'delete', 'merge') || (isWord(t, 'update') && !isWord(tokens[i - 1], 'for', 'key')),
	);

/** EXPLAIN ANALYZE runs what it explains. */
function explained(tokens: Token[]): Token[] {
	if (!isWord(tokens[0], 'explain')) return tokens;
	const at = tokens.findIndex((t) =>
		isWord(t, 'select', 'insert', 'update', 'delete', 'merge', 'with', 'create', 'values'),
	);
	const analyzes = tokens.slice(0, Math.max(at, 0)).some((t) => isWord(t, 'analyze', 'analyse'));
	return analyzes ? tokens.slice(at) : [];
}

function dangerOf({ tokens }: Statement): string | null {
	const name = (at: number) => {
		const found = nameAt(tokens, at)?.name;
		return found ? (found.schema === 'public' ? found.name : `${found.schema}.${found.name}`) : '';
	};
	if (isWord(tokens[0], 'drop')) {
		const two = isWord(tokens[1], 'materialized', 'foreign', 'event', 'text', 'operator') ? 1 : 0;
		const kind = tokens.slice(1, 2 + two).map((t) => t.text);
		const at = skip(tokens, skip(tokens, 2 + two, 'concurrently'), 'if', 'exists');
		return `drops ${kind.join(' ')} ${name(at)}${tokens.some((t) => isWord(t, 'cascade')) ? ' and all that depends on it' : ''}`;
	}
	if (isWord(tokens[0], 'truncate')) return `empties ${name(skip(tokens, skip(tokens, 1, 'table'), 'only'))}`;
	if (isWord(tokens[0], 'delete') && !tokens.some((t) => isWord(t, 'where')))
		return `deletes every row of ${name(skip(tokens, skip(tokens, 1, 'from'), 'only'))}`;
	if (isWord(tokens[0], 'update') && !tokens.some((t) => isWord(t, 'where')))
		return `changes every row of ${name(skip(tokens, 1, 'only'))}`;
	if (isWord(tokens[0], 'alter') && isWord(tokens[1], 'table')) {
		const at = tokens.findIndex(
			(t, i) => i > 2 && isWord(t, 'drop') && !isWord(tokens[i + 1], 'constraint', 'default', 'not'),
		);
		if (at > 0) {
			const column = skip(tokens, skip(tokens, at + 1, 'column'), 'if', 'exists');
			return `drops column ${tokens[column]?.text ?? ''} of ${name(skip(tokens, skip(tokens, 2, 'if', 'exists'), 'only'))}`;
		}
	}
	return null;
}

const headline = (s: Statement) => {
	const words = s.tokens.slice(0, 6).map((t) => (t.kind === 'name' ? `"${t.text}"` : t.text));
	return words.join(' ').replace(/ \. /g, '.').split(/ [(]/)[0] ?? '';
};

export function describe(statements: Statement[]): Description {
	const found: Description = { schemaChanges: [], writes: false, dangers: [], creates: [] };
	for (const s of statements) {
		const first = explained(s.tokens)[0]?.text ?? '';
		const changes = (SCHEMA_WORDS.has(first) && s.tokens[0]?.kind === 'word') || selectsInto(s);
		if (changes) found.schemaChanges.push(headline(s));
		if (changes || WRITE_WORDS.has(first) || (first === 'with' && writesInside(s.tokens))) found.writes = true;
		const danger = dangerOf(s);
		if (danger) found.dangers.push(danger);
		const created = createdBy(s);
		const same = (c: Created) => c.schema === created?.schema && c.name === created.name;
		if (created && !found.creates.some(same)) found.creates.push(created);
	}
	return found;
}

/** One statement whose rows may be fetched in part: a plain read. */
export function isCursorable(statements: Statement[]): boolean {
	const only = statements[0];
	if (statements.length !== 1 || !only || !isWord(only.tokens[0], 'select', 'with', 'values', 'table')) return false;
	return (
		!writesInside(only.tokens) &&
		!selectsInto(only) &&
		!only.tokens.some((t, i) => isWord(t, 'for') && isWord(only.tokens[i + 1], 'update', 'share', 'no', 'key'))
	);
}
