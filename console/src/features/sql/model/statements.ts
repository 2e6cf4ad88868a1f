// A script cut into statements and words, as PostgreSQL's lexer does it: quotes, dollar quotes, nested comments.

export interface Token {
	/** word: lower-cased; name: quoted, without its quotes; text: a string; symbol: anything else, one character. */
	kind: 'word' | 'name' | 'text' | 'symbol';
	text: string;
	from: number;
	to: number;
}

export interface Statement {
	/** Without the semicolon and what stands around it. */
	text: string;
	from: number;
	to: number;
	tokens: Token[];
}

const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const NUMBER = /\d[\w.]*/y;
const DOLLAR = /\$([\p{L}_][\p{L}\p{N}_]*)?\$/uy;

/** The end of what begins at `at` and ends with the quote; a doubled quote is a part of it. */
function quotedEnd(text: string, at: number, quote: string, escapes: boolean): number {
	for (let i = at; i < text.length; i++) {
		if (escapes && text[i] === '\\') i++;
		else if (text[i] === quote) {
			if (text[i + 1] === quote) i++;
			else return i + 1;
		}
	}
	return text.length;
}

function commentEnd(text: string, at: number): number {
	if (text.startsWith('--', at)) {
		const end = text.indexOf('\n', at);
		return end < 0 ? text.length : end + 1;
	}
	let depth = 1;
	for (let i = at + 2; i < text.length; i++) {
		if (text.startsWith('/*', i)) {
			depth++;
			i++;
		} else if (text.startsWith('*/', i)) {
			i++;
			if (--depth === 0) return i + 1;
		}
	}
	return text.length;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
	pattern.lastIndex = at;
	return pattern.exec(text);
}

function dollarToken(text: string, at: number): Token | null {
	const open = match(DOLLAR, text, at)?.[0];
	if (!open) return null;
	const close = text.indexOf(open, at + open.length);
	const to = close < 0 ? text.length : close + open.length;
	return { kind: 'text', text: text.slice(at + open.length, close < 0 ? text.length : close), from: at, to };
}

function wordToken(text: string, at: number): Token | null {
	const found = match(WORD, text, at)?.[0];
	if (!found) return null;
	const to = at + found.length;
	// E'…' knows backslashes; B'…', X'…' and N'…' are strings too.
	if (text[to] === "'" && /^[ebxn]$/i.test(found)) {
		const end = quotedEnd(text, to + 1, "'", /e/i.test(found));
		return { kind: 'text', text: text.slice(to + 1, end - 1), from: at, to: end };
	}
	return { kind: 'word', text: found.toLowerCase(), from: at, to };
}

function tokenAt(text: string, at: number): Token {
	const c = text[at] ?? '';
	if (c === "'" || c === '"') {
		const to = quotedEnd(text, at + 1, c, false);
		const inner = text.slice(at + 1, text[to - 1] === c && to > at + 1 ? to - 1 : to).replaceAll(c + c, c);
		return { kind: c === '"' ? 'name' : 'text', text: inner, from: at, to };
	}
	const found = (c === '$' && dollarToken(text, at)) || wordToken(text, at);
	if (found) return found;
	const number = match(NUMBER, text, at)?.[0];
	return { kind: 'symbol', text: number ?? c, from: at, to: at + (number ?? c).length };
}

const make = (text: string, tokens: Token[]): Statement => {
	const from = tokens[0]?.from ?? 0;
	const to = tokens[tokens.length - 1]?.to ?? from;
	return { text: text.slice(from, to), from, to, tokens };
};

/** BEGIN ATOMIC … END: the body of a SQL function holds semicolons. */
function atomicDepth(tokens: Token[]): number {
	let depth = 0;
	for (let i = 0; i < tokens.length; i++) {
		if (tokens[i]?.kind !== 'word') continue;
		const word = tokens[i]?.text;
		if (word === 'begin' && tokens[i + 1]?.text === 'atomic') depth++;
		else if (depth > 0 && word === 'case') depth++;
		else if (depth > 0 && word === 'end') depth--;
	}
	return depth;
}

export function splitStatements(text: string): Statement[] {
	const found: Statement[] = [];
	let tokens: Token[] = [];
	for (let at = 0; at < text.length; ) {
		if (/\s/.test(text[at] ?? '')) at++;
		else if (text.startsWith('--', at) || text.startsWith('/*', at)) at = commentEnd(text, at);
		else {
			const token = tokenAt(text, at);
			at = token.to;
			const ends = token.kind === 'symbol' && token.text === ';';
			if (!ends || (tokens[0]?.text === 'create' && atomicDepth(tokens) > 0)) tokens.push(token);
			else if (tokens.length > 0) {
				found.push(make(text, tokens));
				tokens = [];
			}
		}
	}
	if (tokens.length > 0) found.push(make(text, tokens));
	return found;
}

/** The statement the place is in: the last one that begins before it. */
export function statementAt(statements: Statement[], at: number): Statement | undefined {
	let found: Statement | undefined;
	for (const s of statements) if (s.from <= at) found = s;
	return found;
}
