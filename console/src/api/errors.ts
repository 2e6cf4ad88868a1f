// What every failed call becomes: the engine's message, code and path, and a hint for the reader.

export interface EngineError {
	error?: string;
	message?: string;
	code?: string;
	path?: string;
	internal?: unknown;
	errors?: { message: string; extensions?: { code?: string; path?: string; internal?: unknown } }[];
}

export class ApiError extends Error {
	override name = 'ApiError';
	constructor(
		message: string,
		readonly status: number,
		readonly code = 'unexpected',
		readonly path?: string,
		readonly internal?: unknown,
	) {
		super(message);
	}

	get hint(): string | undefined {
		return HINTS.find(([test]) => test(this))?.[1];
	}
}

const HINTS: [(e: ApiError) => boolean, string][] = [
	[(e) => e.status === 0, 'Is the server running, and is this page served by it?'],
	[(e) => e.code === 'conflict', 'Somebody else changed the metadata meanwhile. It was read again: try once more.'],
	[(e) => e.status === 401 || e.code === 'access-denied', 'The admin secret is missing or wrong: log in again.'],
	[
		(e) => e.code === 'already-exists',
		'Somebody else made it meanwhile. The metadata was read again: look, and try again.',
	],
	[(e) => e.code === 'already-tracked', 'It is tracked already; reload the metadata if the list is old.'],
	[
		(e) => e.code === 'dependency-error',
		'Other objects of the metadata lean on this one: remove them first, or use “cascade”.',
	],
	[
		(e) =>
			e.code === 'postgres-error' && /read-only transaction/.test(`${e.message}${JSON.stringify(e.internal ?? '')}`),
		'The statement writes: switch “read only” off.',
	],
	[(e) => e.code === 'not-supported', 'This version of Weir does not serve it.'],
];

interface PgInternal {
	error?: { message?: string; hint?: string | null; description?: string | null; status_code?: string };
}

// PostgreSQL's own words lie in `internal` of run_sql's errors.
export function databaseMessage(e: ApiError): string | undefined {
	const inside = (e.internal as PgInternal | undefined)?.error;
	if (!inside?.message) return undefined;
	const more = [inside.description, inside.hint].filter(Boolean).join(' ');
	return `${inside.message}${inside.status_code ? ` (${inside.status_code})` : ''}${more ? `. ${more}` : ''}`;
}

export function errorFromBody(status: number, body: unknown): ApiError {
	const b = (body ?? {}) as EngineError;
	const first = b.errors?.[0];
	if (first)
		return new ApiError(
			first.message,
			status,
			first.extensions?.code,
			first.extensions?.path,
			first.extensions?.internal,
		);
	const text = b.error ?? b.message;
	return new ApiError(
		typeof text === 'string' ? text : `The server answered ${status}.`,
		status,
		b.code,
		b.path,
		b.internal,
	);
}

export function asApiError(e: unknown): ApiError {
	if (e instanceof ApiError) return e;
	return new ApiError(e instanceof Error ? e.message : String(e), -1);
}
