/** JSON.parse with every number as its text: bigint and numeric keep their digits. */
export function parseExact(text: string): unknown {
	const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
		token.startsWith('"') ? token : `"${token}"`,
	);
	return JSON.parse(quoted);
}

/** A number JavaScript would write otherwise, with its digits. JSON.stringify writes it as it was read. */
export class ExactNumber {
	constructor(readonly source: string) {}
	toJSON(): unknown {
		return raw.rawJSON?.(this.source) ?? Number(this.source);
	}
	toString(): string {
		return this.source;
	}
}

// Newer browsers have it; the types of TypeScript do not. In older ones a number is what JavaScript makes of it.
const raw = JSON as typeof JSON & { rawJSON?: (text: string) => object };

/** The number of a JSON text: exact, where JavaScript would write it otherwise. */
export function kept(source: string): number | ExactNumber {
	const value = Number(source);
	return String(value) === source ? value : new ExactNumber(source);
}

/** For JSON.parse: numbers keep their digits. */
export function keepNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
	return typeof value === 'number' && context?.source ? kept(context.source) : value;
}

// Reading with a function for every value takes many times as long: texts without a number it would keep are most.
const MAY_LOSE = /\d{16}|\d[.eE]|-0/;

/** JSON.parse with numbers that keep their digits; JSON.stringify writes them as they were. */
export function parseKept(text: string): unknown {
	return JSON.parse(text, MAY_LOSE.test(text) ? keepNumbers : undefined);
}

/** The digits of a number that was kept. */
export function exactNumber(value: unknown): string | null {
	return value instanceof ExactNumber ? value.source : null;
}

/** An object of a JSON document; a number that was kept is none. */
export function isObject(v: unknown): v is { [key: string]: unknown } {
	return typeof v === 'object' && v !== null && !Array.isArray(v) && !(v instanceof ExactNumber);
}
