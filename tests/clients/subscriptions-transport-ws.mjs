// subscriptions-transport-ws (Apollo's older protocol): the same story.
import { createRequire } from "node:module";
import WebSocket from "ws";
import { LIVE, STREAM, assert, clear, end, headers, insert, named, restart, results, wsUrl } from "./subscriptions.mjs";
import { token } from "./token.mjs";

const { SubscriptionClient } = createRequire(import.meta.url)("subscriptions-transport-ws");
const make = (more) => new SubscriptionClient(wsUrl, { reconnect: true, lazy: true, connectionParams: { headers }, ...more }, WebSocket);

function subscribe(client, query, variables) {
	const found = results();
	const { unsubscribe } = client.request({ query, variables }).subscribe({
		next: (value) => found.push(value),
		error: (error) => found.push({ failed: error }),
		complete: () => found.push({ complete: true }),
	});
	return { ...found, stop: unsubscribe };
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

assert.equal((await once(client, "{ nope }")).failed.message, "field 'nope' not found in type: 'query_root'");
assert.equal((await once(client, '{ item(where: { name: { _regex: "(" } }) { id } }')).errors[0].message, "invalid regular expression: parentheses () not balanced");
assert.deepEqual(await once(client, "{ item_by_pk(id: 1) { name } }"), { data: { item_by_pk: { name: "one" } } });
live.stop();

// A wrong secret is told to the application.
const refused = await new Promise((resolve) => {
	const c = make({ reconnect: false, lazy: false, connectionParams: { headers: {} }, connectionCallback: (error) => (c.close(), resolve(error)) });
});
assert.match(String(refused), /Missing .Authorization./);

// Messages that are none and ids twice leave the socket open.
const socket = new WebSocket(wsUrl, "graphql-ws");
const said = results();
await new Promise((resolve) => socket.once("open", resolve));
socket.on("message", (m) => JSON.parse(m).type !== "ka" && said.push(JSON.parse(m)));
const send = (message) => socket.send(JSON.stringify(message));
send({ type: "start", id: "early", payload: { query: LIVE } });
assert.equal((await said.next()).payload.extensions.code, "start-failed");
assert.equal((await said.next()).type, "complete");
send({ type: "connection_init", payload: { headers } });
assert.equal((await said.next()).type, "connection_ack");
socket.send("nonsense");
assert.equal((await said.next()).type, "connection_error");
send({ type: "start", id: "a", payload: { query: LIVE } });
assert.equal((await said.next()).type, "data");
send({ type: "start", id: "a", payload: { query: LIVE } });
assert.equal((await said.next()).payload.message, "an operation already exists with this id: a");
assert.deepEqual(await said.next(), { type: "complete", id: "a" });
socket.close();

// Nobody says hello: 1011.
const silent = new WebSocket(wsUrl, "graphql-ws");
assert.equal(await new Promise((resolve) => silent.once("close", resolve)), 1011);

// An expiring token: the client connects again with a new one.
let asked = 0;
const expiring = make({ connectionParams: () => ({ headers: { authorization: "Bearer " + token(asked++ ? 600 : 2) } }) });
const kept = subscribe(expiring, "subscription { item(order_by: { id: asc }) { name } }");
assert.deepEqual(named(await kept.next()), ["one", "two", "three"]);
assert.deepEqual(named(await kept.next()), ["one", "two", "three"]);
assert.equal(asked, 2);
kept.stop();
expiring.close();

// A restart.
const again = subscribe(client, LIVE);
assert.equal(named(await again.next()).length, 3);
await restart();
assert.equal(named(await again.next()).length, 3);
await insert(4, "four");
assert.equal(named(await again.next()).at(-1), "four");
again.stop();
client.close();
end();
