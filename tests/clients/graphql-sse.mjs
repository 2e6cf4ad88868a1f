// graphql-sse in its distinct connections mode: query, mutation, live query, stream, errors, a wrong secret, an expiring token, a restart.
import { createClient } from "graphql-sse";
import { LIVE, STREAM, assert, clear, end, headers, insert, named, pause, restart, results, url } from "./subscriptions.mjs";
import { token } from "./token.mjs";

const make = (more) => createClient({ url, headers, retryAttempts: 100, retry: () => pause(100), ...more });

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
const live = subscribe(client, LIVE);
assert.deepEqual(named(await live.next()), ["one"]);
await insert(2, "two");
assert.deepEqual(named(await live.next()), ["one", "two"]);
const stream = subscribe(client, STREAM);
assert.deepEqual(named(await stream.next(), "item_stream"), ["one", "two"]);
stream.stop();
assert.equal((await once(client, "{ nope }")).errors[0].message, "field 'nope' not found in type: 'query_root'");
assert.equal((await once(client, "subscription { nope }")).errors[0].extensions.code, "validation-failed");

const refused = make({ headers: {}, retryAttempts: 0 });
assert.equal((await once(refused, LIVE)).failed.response.status, 400);

let asked = 0;
const expiring = make({ headers: () => ({ authorization: "Bearer " + token(asked++ ? 600 : 2) }) });
const kept = subscribe(expiring, "subscription { item(order_by: { id: asc }) { name } }");
assert.deepEqual(named(await kept.next()), ["one", "two"]);
assert.deepEqual(named(await kept.next()), ["one", "two"]);
assert.equal(asked, 2);
kept.stop();

await restart();
assert.deepEqual(named(await live.next()), ["one", "two"]);
await insert(3, "three");
assert.deepEqual(named(await live.next()), ["one", "two", "three"]);
live.stop();
end();
