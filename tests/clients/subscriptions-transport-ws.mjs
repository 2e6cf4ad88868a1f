// subscriptions-transport-ws, which speaks Apollo's older protocol.
import { play } from "./story.mjs";
import { apollo } from "./sockets.mjs";
import { LIVE, assert, end, results } from "./subscriptions.mjs";

function open(options) {
	const socket = apollo(options);
	const subscribe = (query, variables) => {
		const found = results();
		const { unsubscribe } = socket.client.request({ query, variables }).subscribe(found.sink);
		return { ...found, stop: unsubscribe };
	};
	const ask = async (query, variables) => {
		const found = subscribe(query, variables);
		const result = await found.next();
		if (!result.failed) assert.deepEqual(await found.next(), { complete: true });
		return result;
	};
	return { ...socket, subscribe, ask };
}

await play({ protocol: "graphql-ws", open });

// What is wrong arrives as the library's types have it; so does a failure of the statement, in a result.
const connection = open({});
assert.equal((await connection.ask("{ nope }")).failed.message, "field 'nope' not found in type: 'query_root'");
const broken = await connection.ask('{ item(where: { name: { _regex: "(" } }) { id } }');
assert.equal(broken.errors[0].message, "invalid regular expression: parentheses () not balanced");
connection.close();

// A wrong secret is told to the application.
const refused = open({ params: () => ({ headers: {} }), reconnect: false, lazy: false });
assert.match(await refused.refused.next(), /Missing .Authorization./);
refused.close();

// A start before hello is refused, and the socket stays open.
const early = open({ reconnect: false, lazy: false });
const socket = early.sockets[0];
const told = results();
socket.on("message", (text) => JSON.parse(text).type !== "ka" && told.push(JSON.parse(text)));
socket.once("open", () => socket.send(JSON.stringify({ type: "start", id: "early", payload: { query: LIVE } })));
const types = [];
while (types.length < 3) {
	const message = await told.next();
	types.push(message.type);
	if (message.type === "error") assert.equal(message.payload.extensions.code, "start-failed");
}
assert.deepEqual(types.sort(), ["complete", "connection_ack", "error"]);
assert.ok((await early.ask("{ item { id } }")).data);
early.close();
end();
