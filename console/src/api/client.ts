// Calls of the server. Components use the hooks of hooks.ts; this file knows paths and headers only.
import { parseKept } from '@/model/exactJson';
import type { EngineMetadata } from '@/model/metadata';
import { ApiError, errorFromBody } from './errors';
import { untilThere } from './reach';
import { type ConsoleConfig, serverUrl, useSession } from './session';

export interface CallOptions {
	signal?: AbortSignal;
	headers?: Record<string, string>;
	/** False: without admin secret (the caller's headers say who asks). */
	asAdmin?: boolean;
	/** Admin secret to try (login). */
	secret?: string;
}

export const CLIENT_NAME = 'weir-console';

export function adminHeaders(secret?: string): Record<string, string> {
	const { config, secret: kept } = useSession.getState();
	const found: Record<string, string> = { 'hasura-client-name': CLIENT_NAME };
	const value = secret ?? kept;
	if (value) found['x-hasura-admin-secret'] = value;
	if (config?.token) found['x-weir-token'] = config.token;
	return found;
}

/** `fetch`; whoever finds the server away starts the watch for its return. */
export async function fetchThere(url: string, init: RequestInit): Promise<Response> {
	try {
		return await fetch(url, init);
	} catch (e) {
		if (e instanceof DOMException && e.name === 'AbortError') throw e;
		untilThere();
		throw new ApiError('The server cannot be reached.', 0, 'unreachable');
	}
}

async function send(method: string, path: string, body: unknown, options: CallOptions): Promise<Response> {
	const headers: Record<string, string> = {
		...(options.asAdmin === false ? {} : adminHeaders(options.secret)),
		...options.headers,
	};
	if (body !== undefined) headers['content-type'] = 'application/json';
	return fetchThere(serverUrl(path), {
		method,
		headers,
		body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
		signal: options.signal,
		credentials: 'same-origin',
	});
}

/** One call; the parsed body, or ApiError. A refused admin secret brings the login page back. */
export async function request<T>(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
	return (await call(method, path, body, options)).value as T;
}

/** The same with the body's text, for whom JavaScript's numbers are too short. */
export async function requestText(
	method: string,
	path: string,
	body?: unknown,
	options: CallOptions = {},
): Promise<string> {
	return (await call(method, path, body, options)).text;
}

async function call(
	method: string,
	path: string,
	body: unknown,
	options: CallOptions,
	parse: (text: string) => unknown = JSON.parse,
): Promise<{ text: string; value: unknown }> {
	const answer = await send(method, path, body, options);
	const text = await answer.text();
	let value: unknown;
	try {
		value = text === '' ? null : parse(text);
	} catch {
		throw new ApiError(`The server answered ${answer.status} with something else than JSON.`, answer.status);
	}
	if (answer.ok) return { text: text === '' ? 'null' : text, value };
	const error = errorFromBody(answer.status, value);
	if (answer.status === 401 && options.asAdmin !== false && options.secret === undefined)
		useSession.getState().logout('The server did not accept the admin secret.');
	throw error;
}

export function fetchConsoleConfig(): Promise<ConsoleConfig> {
	const url = new URL('config.json', document.baseURI).href;
	return fetch(url, { credentials: 'same-origin' }).then(
		(r) => {
			if (!r.ok) throw new ApiError(`config.json: the server answered ${r.status}.`, r.status);
			return r.json() as Promise<ConsoleConfig>;
		},
		() => {
			throw new ApiError('The server cannot be reached.', 0, 'unreachable');
		},
	);
}

export interface MetadataOp {
	type: string;
	args: unknown;
	/** Of the operation, where it has several. */
	version?: number;
}

/**
 * A read of POST /v1/metadata; numbers keep their digits, as what is read is written back. Writes go through useApply
 * (hooks.ts), which knows the CLI mode.
 */
async function readMetadata<T>(op: MetadataOp, options: CallOptions = {}): Promise<T> {
	return (await call('POST', 'v1/metadata', op, options, parseKept)).value as T;
}

export function metadata<T>(type: string, args: unknown = {}, options?: CallOptions): Promise<T> {
	return readMetadata<T>({ type, args }, options);
}

export function exportMetadata(options?: CallOptions): Promise<EngineMetadata> {
	return readMetadata<EngineMetadata>({ type: 'export_metadata', version: 2, args: {} }, options);
}

export interface SqlOptions extends CallOptions {
	source?: string;
	readOnly?: boolean;
	cascade?: boolean;
	checkConsistency?: boolean;
}

export interface SqlResult {
	result_type: 'TuplesOk' | 'CommandOk';
	/** First row: names of the columns. Values as text; NULL is the text "NULL". */
	result: string[][] | null;
}

export function runSqlOp(sql: string, o: SqlOptions = {}): MetadataOp {
	const args: Record<string, unknown> = { sql, source: o.source ?? 'default', cascade: o.cascade ?? false };
	if (o.readOnly !== undefined) args.read_only = o.readOnly;
	if (o.checkConsistency !== undefined) args.check_metadata_consistency = o.checkConsistency;
	return { type: 'run_sql', args };
}

export function runSql(sql: string, o: SqlOptions = {}): Promise<SqlResult> {
	return request<SqlResult>('POST', 'v2/query', runSqlOp(sql, o), o);
}

/** Rows of a read-only statement whose only column is JSON: `select coalesce(json_agg(x), '[]') from (…) x`. */
export async function readJson<T>(sql: string, o: SqlOptions = {}): Promise<T> {
	const answer = await runSql(sql, { readOnly: true, ...o });
	return JSON.parse(answer.result?.[1]?.[0] ?? 'null') as T;
}

export interface GraphqlResult<T = unknown> {
	data?: T | null;
	errors?: { message: string; extensions?: { code?: string; path?: string } }[];
}

/** POST /v1/graphql with the caller's headers only, errors in the body included. */
export function graphql<T>(
	query: string,
	variables?: Record<string, unknown>,
	options: CallOptions & { operationName?: string } = {},
): Promise<GraphqlResult<T>> {
	const { operationName, ...rest } = options;
	return request<GraphqlResult<T>>('POST', 'v1/graphql', { query, variables, operationName }, rest);
}

export interface ServerFacts {
	version: string;
	is_admin_secret_set: boolean;
	is_auth_hook_set: boolean;
	is_jwt_set: boolean;
	is_function_permissions_inferred: boolean;
	is_remote_schema_permissions_enabled: boolean;
	is_allow_list_enabled: boolean;
	default_naming_convention: string;
	experimental_features: string[];
	[key: string]: unknown;
}

export function fetchServerFacts(options?: CallOptions): Promise<ServerFacts> {
	return request<ServerFacts>('GET', 'v1alpha1/config', undefined, options);
}

// ---- CLI mode: the same origin also serves the local API of `weir console`.

export interface MigrationArgs {
	name: string;
	up: MetadataOp[];
	down: MetadataOp[];
	datasource?: string;
	skip_execution?: boolean;
}

export const cli = {
	migrate: (args: MigrationArgs) => request<unknown>('POST', 'apis/migrate', args),
	metadata: (up: MetadataOp[]) => request<unknown>('POST', 'apis/metadata', { up }),
	settings: () => request<{ migration_mode?: string }>('GET', 'apis/migrate/settings'),
	setMigrationMode: (on: boolean) =>
		request<unknown>('PUT', 'apis/migrate/settings', { name: 'migration_mode', value: String(on) }),
	/** Writes the server's metadata into the project's files. */
	export: () => request<unknown>('GET', 'apis/metadata?export=true'),
	status: (source: string) => request<unknown>('GET', `apis/migrate?datasource=${encodeURIComponent(source)}`),
};
