// graphql-ws (graphql-transport-ws): query, mutation, live query, stream, errors, an id twice, late init, an expiring token, a restart.
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { LIVE, STREAM, assert, clear, end, headers, insert, named, pause, restart, results, wsUrl } from "./subscriptions.mjs";

const make = (more) =>
	createClient({ url: wsUrl, webSocketImpl: WebSocket, connectionParams: { headers }, lazy: true, retryWait: () => pause(100), shouldRetry: () => true, ...more });

function subscribe(client, query, variables) {
	const found = results();
	const stop = client.subscribe(
		{ query, variables },
		{ next: (value) => found.push(value), error: (error) => found.push({ failed: error }), complete: () => found.push({ complete: true }) },
	);
	return { ...found, stop };
}

const once = async (client, query, variables) => {
	const s = subscribe(client, query, variables);
	const value = await s.next();
	if (!value.failed) assert.deepEqual(await s.next(), { complete: true });
	return value;
};

await clear();
const client = make();
assert.deepEqual(await once(client, "{ item { id } }"), { data: { item: [] } });
assert.deepEqual(await once(client, 'mutation { insert_item_one(object: { id: 1, name: "one" }) { id } }'), { data: { insert_item_one: { id: 1 } } });

// A live query and a stream, side by side on one socket.
const live = subscribe(client, LIVE);
assert.deepEqual(named(await live.next()), ["one"]);
await insert(2, "two");
assert.deepEqual(named(await live.next()), ["one", "two"]);
const stream = subscribe(client, STREAM);
assert.deepEqual(named(await stream.next(), "item_stream"), ["one", "two"]);
await insert(3, "three");
assert.deepEqual(named(await stream.next(), "item_stream"), ["three"]);
assert.deepEqual(named(await live.next()), ["one", "two", "three"]);
stream.stop();
assert.deepEqual(await stream.next(), { complete: true });

// Errors end the operation, not the socket.
const wrong = await once(client, "{ nope }");
assert.equal(wrong.failed[0].message, "field 'nope' not found in type: 'query_root'");
const wrongLive = await once(client, "subscription { nope }");
assert.equal(wrongLive.failed[0].extensions.code, "validation-failed");
const broken = await once(client, '{ item(where: { name: { _regex: "(" } }) { id } }');
assert.equal(broken.failed[0].message, "invalid regular expression: parentheses () not balanced");
assert.deepEqual(await once(client, "{ item_by_pk(id: 1) { name } }"), { data: { item_by_pk: { name: "one" } } });
await pause(100);
if (live.left()) assert.fail(JSON.stringify(await live.next()));

// The same id twice, a message that is none, a start without init: the codes the library knows as fatal.
const closes = async (act, options) => {
	const socket = new WebSocket(wsUrl, "graphql-transport-ws");
	await new Promise((resolve) => socket.once("open", resolve));
	if (!options?.silent) {
		socket.send(JSON.stringify({ type: "connection_init", payload: { headers } }));
		await new Promise((resolve) => socket.on("message", (m) => JSON.parse(m).type === "connection_ack" && resolve()));
	}
	act(socket);
	return new Promise((resolve) => socket.once("close", (code, reason) => resolve([code, String(reason)])));
};
const send = (socket, message) => socket.send(JSON.stringify(message));
const start = { type: "subscribe", id: "a", payload: { query: LIVE } };
assert.equal((await closes((s) => (send(s, start), send(s, start))))[0], 4409);
assert.equal((await closes((s) => s.send("nonsense")))[0], 4400);
assert.equal((await closes((s) => send(s, { type: "connection_init" })))[0], 4429);
assert.equal((await closes((s) => send(s, start), { silent: true }))[0], 4401);
assert.equal((await closes(() => {}, { silent: true }))[0], 4408);

// A wrong secret: 4403, which the library tries again as long as it is allowed to.
const refused = make({ connectionParams: { headers: { "x-hasura-admin-secret": "no" } }, retryAttempts: 0 });
assert.equal((await once(refused, "{ item { id } }")).failed.code, 4403);

// A token that expires: the library connects again and gets a new one; the live query goes on.
const { token } = await import("./token.mjs");
let asked = 0;
const expiring = make({ connectionParams: () => ({ headers: { authorization: "Bearer " + token(asked++ ? 600 : 2) } }), retryAttempts: 10 });
const kept = subscribe(expiring, "subscription { item(order_by: { id: asc }) { name } }");
assert.deepEqual(named(await kept.next()), ["one", "two", "three"]);
assert.deepEqual(named(await kept.next()), ["one", "two", "three"]);
assert.equal(asked, 2);
await insert(4, "four");
assert.deepEqual(named(await kept.next()), ["one", "two", "three", "four"]);
kept.stop();
await expiring.dispose();

// The server restarts: the open live query comes back by itself.
const stays = make({ retryAttempts: 100 });
const again = subscribe(stays, LIVE);
assert.equal(named(await again.next()).length, 4);
live.stop();
await client.dispose();
await restart();
assert.equal(named(await again.next()).length, 4);
await insert(5, "five");
assert.deepEqual(named(await again.next()).at(-1), "five");
again.stop();
await stays.dispose();
end();
