// The way back of a migration, where it can be read off its statements. It is a proposal: shown, and changed at will.
import { qualifiedSql } from '@/model/sqlText';
import { createdKind, nameAt } from './describe';
import type { Statement, Token } from './statements';

const word = (t: Token | undefined, text: string) => t?.kind === 'word' && t.text === text;

function dropOf(tokens: Token[]): string | null {
	const created = createdKind(tokens);
	if (!created || word(tokens[1], 'or')) return null; // what was replaced is not known
	const named = nameAt(tokens, created.at);
	if (!named) return null;
	switch (created.kind) {
		case 'table':
		case 'view':
		case 'materialized view':
		case 'foreign table':
		case 'function':
		case 'procedure':
		case 'sequence':
		case 'type':
		case 'domain':
			return `DROP ${created.kind.toUpperCase()} ${qualifiedSql(named.name)};`;
		case 'index': {
			const on = tokens.findIndex((t) => word(t, 'on'));
			const table = on > 0 ? nameAt(tokens, word(tokens[on + 1], 'only') ? on + 2 : on + 1) : null;
			if (!table || on === created.at) return null; // PostgreSQL chooses the name
			return `DROP INDEX ${qualifiedSql({ schema: table.name.schema, name: named.name.name })};`;
		}
		case 'schema':
		case 'extension':
			return `DROP ${created.kind.toUpperCase()} ${qualifiedSql(named.name).replace(/^"public"\./, '')};`;
		default:
			return null;
	}
}

/** ALTER TABLE t ADD [COLUMN] c …, of one action. */
function addedColumn(tokens: Token[]): string | null {
	if (!word(tokens[0], 'alter') || !word(tokens[1], 'table')) return null;
	let depth = 0;
	for (const t of tokens) {
		if (t.text === '(') depth++;
		else if (t.text === ')') depth--;
		else if (t.text === ',' && t.kind === 'symbol' && depth === 0) return null;
	}
	const at = word(tokens[2], 'only') ? 3 : 2;
	const table = nameAt(tokens, at);
	if (!table || !word(tokens[table.next], 'add')) return null;
	let column = table.next + 1;
	if (word(tokens[column], 'column')) column++;
	else if (['constraint', 'primary', 'unique', 'check', 'foreign', 'exclude'].includes(tokens[column]?.text ?? ''))
		return null;
	if (word(tokens[column], 'if')) return null; // it may have been there
	const name = tokens[column];
	return name ? `ALTER TABLE ${qualifiedSql(table.name)} DROP COLUMN "${name.text.replaceAll('"', '""')}";` : null;
}

/** Null: one of the statements has no way back that can be read off it. */
export function suggestDown(statements: Statement[]): string | null {
	const lines: string[] = [];
	for (const { tokens } of statements) {
		const line = dropOf(tokens) ?? addedColumn(tokens);
		if (line === null) return null;
		lines.unshift(line);
	}
	return lines.length > 0 ? lines.join('\n') : null;
}

/** "create_table_author": of the first statement that says something. */
export function migrationName(statements: Statement[]): string {
	const tokens = statements[0]?.tokens ?? [];
	const created = createdKind(tokens);
	const named = created ? nameAt(tokens, created.at) : null;
	const words =
		created && named
			? ['create', created.kind, named.name.name]
			: tokens
					.filter((t) => t.kind === 'word' || t.kind === 'name')
					.slice(0, 5)
					.map((t) => t.text);
	const name = words
		.join('_')
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, '_')
		.replace(/^_+|_+$/g, '');
	return name.slice(0, 60) || 'run_sql';
}
