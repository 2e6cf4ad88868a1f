/** JSON.parse with every number as its text: bigint and numeric keep their digits. */
export function parseExact(text: string): unknown {
	const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
		token.startsWith('"') ? token : `"${token}"`,
	);
	return JSON.parse(quoted);
}

interface RawJson {
	rawJSON(text: string): object;
	isRawJSON(value: unknown): value is { rawJSON: string };
}

// Newer browsers have it; the types of TypeScript do not. In older ones a number is what JavaScript makes of it.
const raw = JSON as typeof JSON & Partial<RawJson>;

/** For JSON.parse: a number that JavaScript would write otherwise stays as it was written, for JSON.stringify. */
export function keepNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
	const source = context?.source;
	return typeof value === 'number' && source && source !== String(value) && raw.rawJSON ? raw.rawJSON(source) : value;
}

/** The text of a number that `keepNumbers` kept. */
export function keptNumber(value: unknown): string | null {
	return raw.isRawJSON?.(value) ? value.rawJSON : null;
}
