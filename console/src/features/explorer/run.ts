// Sends operations: over HTTP, subscriptions over a WebSocket of their own, and explains.
import { buildClientSchema, type GraphQLSchema, getIntrospectionQuery, type IntrospectionQuery } from 'graphql';
import { adminHeaders, fetchThere, request } from '@/api/client';
import { ApiError } from '@/api/errors';
import { serverUrl } from '@/api/session';
import { keepNumbers } from '@/model/exactJson';

export interface Operation {
	query: string;
	variables: Record<string, unknown>;
	operationName?: string;
}

export interface Answer {
	text: string;
	ms: number;
	bytes: number;
	status: number;
	failed: boolean;
	requestId?: string;
	/** Subscriptions: how many results came so far. */
	count?: number;
	closed?: string;
}

/** The headers of a request: the table's, and the console's own secret if it is to go too. */
export function requestHeaders(rows: Record<string, string>, asAdmin: boolean): Record<string, string> {
	return asAdmin ? { ...adminHeaders(), ...rows } : rows;
}

function post(op: Operation, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
	return fetchThere(serverUrl('v1/graphql'), {
		method: 'POST',
		headers: { ...headers, 'content-type': 'application/json' },
		body: JSON.stringify(op),
		signal,
		credentials: 'same-origin',
	});
}

export async function execute(op: Operation, headers: Record<string, string>, signal?: AbortSignal): Promise<Answer> {
	const from = performance.now();
	const answer = await post(op, headers, signal);
	const text = await answer.text();
	return {
		text,
		ms: performance.now() - from,
		bytes: new TextEncoder().encode(text).length,
		status: answer.status,
		failed: !answer.ok || /^\s*\{\s*"errors"/.test(text),
		requestId: answer.headers.get('x-request-id') ?? undefined,
	};
}

/** Each run has a socket of its own: the headers it sent are the ones it was opened with. Returns how to end it. */
export function subscribe(op: Operation, headers: Record<string, string>, show: (answer: Answer) => void): () => void {
	const from = performance.now();
	let last: Answer = { text: '', ms: 0, bytes: 0, status: 101, failed: false, count: 0 };
	let over = false;
	const update = (part: Partial<Answer>) => {
		if (over) return;
		last = { ...last, ms: performance.now() - from, ...part };
		show(last);
	};
	update({});
	let end = () => {};
	const open = async () => {
		const { createClient } = await import('graphql-ws');
		if (over) return;
		const client = createClient({
			url: serverUrl('v1/graphql').replace(/^http/, 'ws'),
			connectionParams: { headers },
			retryAttempts: 0,
			jsonMessageReviver: keepNumbers,
		});
		const leave = client.subscribe(op, {
			next: (result) => {
				const text = JSON.stringify(result);
				update({
					text,
					bytes: new TextEncoder().encode(text).length,
					count: (last.count ?? 0) + 1,
					failed: !!result.errors,
				});
			},
			error: (e) => update({ ...errorText(e), failed: true, closed: 'ended with an error' }),
			complete: () => update({ closed: 'ended' }),
		});
		end = () => {
			leave();
			client.dispose();
		};
	};
	open().catch((e) => update({ ...errorText(e), failed: true, closed: 'ended with an error' }));
	return () => {
		update({ closed: 'stopped' });
		over = true;
		end();
	};
}

function errorText(e: unknown): { text: string } {
	if (Array.isArray(e)) return { text: JSON.stringify({ errors: e }) };
	if (e && typeof e === 'object' && 'code' in e && 'reason' in e)
		return {
			text: JSON.stringify({
				errors: [
					{ message: `The connection was closed: ${String(e.reason) || 'no reason given'} (${String(e.code)})` },
				],
			}),
		};
	return { text: JSON.stringify({ errors: [{ message: e instanceof Error ? e.message : 'The connection failed.' }] }) };
}

export interface Explained {
	field: string;
	sql: string | null;
	plan: string[] | null;
}

export async function explain(op: Operation, user: Record<string, string> | undefined): Promise<Explained[]> {
	const answer = await request<Explained | Explained[]>('POST', 'v1/graphql/explain', { query: op, user });
	return Array.isArray(answer) ? answer : [answer];
}

/** The data of an introspection. */
export async function ask<T>(query: string, headers: Record<string, string>, signal?: AbortSignal): Promise<T> {
	const answer = await post({ query, variables: {} }, headers, signal);
	let body: { data?: T; errors?: { message: string }[]; error?: string };
	try {
		body = await answer.json();
	} catch (e) {
		if (e instanceof DOMException) throw e; // the question was taken back
		throw new ApiError(`The server answered ${answer.status} with something else than JSON.`, answer.status);
	}
	if (!body.data)
		throw new ApiError(body.errors?.[0]?.message ?? body.error ?? 'The schema cannot be read.', answer.status);
	return body.data;
}

export async function fetchSchema(headers: Record<string, string>, signal: AbortSignal): Promise<GraphQLSchema> {
	return buildClientSchema(await ask<IntrospectionQuery>(getIntrospectionQuery(), headers, signal));
}
