// graphql-ws, which speaks graphql-transport-ws.
import { play } from "./story.mjs";
import { transport } from "./sockets.mjs";
import { LIVE, assert, end, headers, results } from "./subscriptions.mjs";

function open(options) {
	const socket = transport(options);
	const subscribe = (query, variables) => {
		const found = results();
		const stop = socket.client.subscribe({ query, variables }, found.sink);
		return { ...found, stop };
	};
	const ask = async (query, variables) => {
		const found = subscribe(query, variables);
		const result = await found.next();
		if (!result.failed) assert.deepEqual(await found.next(), { complete: true });
		return result;
	};
	return { ...socket, subscribe, ask };
}

await play({ protocol: "graphql-transport-ws", open });

// What is wrong arrives as the library's types have it.
const connection = open({});
const wrong = await connection.ask("{ nope }");
assert.equal(wrong.failed[0].message, "field 'nope' not found in type: 'query_root'");
assert.equal(wrong.failed[0].extensions.code, "validation-failed");

// A stop is told as the end of the operation.
const live = connection.subscribe(LIVE);
assert.ok((await live.next()).data);
live.stop();
assert.deepEqual(await live.next(), { complete: true });

// Hello twice, and a start before hello: the codes the library knows as fatal.
const twice = connection.subscribe(LIVE);
assert.ok((await twice.next()).data);
connection.sockets.at(-1).send(JSON.stringify({ type: "connection_init", payload: { headers } }));
assert.equal((await twice.next()).failed.code, 4429);
connection.close();

const early = open({ on: { opened: (socket) => socket.send(JSON.stringify({ type: "subscribe", id: "a", payload: { query: LIVE } })) } });
assert.equal((await early.ask(LIVE)).failed.code, 4401);
early.close();

// A wrong secret: 4403, which the library tries again as long as it is allowed to.
const refused = open({ params: () => ({ headers: { "x-hasura-admin-secret": "no" } }), retryAttempts: 0 });
assert.equal((await refused.ask("{ item { id } }")).failed.code, 4403);
end();
