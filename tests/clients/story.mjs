// The story each client of subscriptions plays, whatever its library and protocol.
//
// A kit has `open(options)`, which gives a connection of its own: `subscribe(query)` gives results and `stop`, `ask(query, variables)`
// the one result of a query or mutation, `close()` ends it. A result is the library's, with `data`; or {failed: the error}.
// Over WebSockets there is `protocol`, and a connection has `sockets` (see sockets.mjs).
import { inspect } from "node:util";
import { LIVE, NAMES, STREAM, assert, clear, data, headers, insert, named, pause, restart } from "./subscriptions.mjs";
import { token } from "./token.mjs";

// How a socket ends, and what a library makes of it: graphql-ws tells the application, subscriptions-transport-ws goes on.
const codes = { "graphql-transport-ws": { late: 4408, bad: /4400/, twice: /4409/ }, "graphql-ws": { late: 1011, bad: null, twice: /an operation already exists with this id/ } };
const ADD = "mutation ($o: item_insert_input!) { insert_item_one(object: $o) { id name } }";
let last = 0;

// All an error says, in whichever shape the library has it.
export const said = (error) => `${error?.code ?? ""} ${inspect(error, { depth: 8 })}`;

async function add() {
	await insert(++last, "n" + last);
}

// Waits until a live query shows the newest row.
async function shows(live) {
	for (;;) {
		const result = await live.next();
		assert.equal(result.failed, undefined, said(result.failed));
		if (named(result).at(-1) === "n" + last) return;
	}
}

async function failure(results) {
	const result = await results.next();
	assert.ok(result.failed, inspect(result));
	return said(result.failed);
}

async function work({ subscribe, ask }) {
	const live = subscribe(LIVE);
	assert.deepEqual(named(await live.next()), []);
	const made = await ask(ADD, { o: { id: ++last, name: "n" + last } });
	assert.deepEqual(made.data.insert_item_one.name, "n" + last);
	await shows(live);
	assert.equal((await ask("{ item(order_by: { id: desc }, limit: 1) { name } }")).data.item[0].name, "n" + last);
	await add();
	await shows(live);
	const stream = subscribe(STREAM);
	assert.deepEqual(named(await stream.next(), "item_stream"), ["n1", "n2"]);
	await add();
	assert.deepEqual(named(await stream.next(), "item_stream"), ["n3"]);
	await shows(live);
	stream.stop();
	// Errors end the operation, not the connection.
	assert.match(said(await ask("{ nope }")), /field 'nope' not found in type: 'query_root'/);
	assert.match(said(await ask('{ item(where: { name: { _regex: "(" } }) { id } }')), /invalid regular expression/);
	assert.match(said(await subscribe("subscription { nope }").next()), /field 'nope' not found in type: 'subscription_root'/);
	await add();
	await shows(live);
	live.stop();
}

const firstOpen = ({ sockets }) => sockets.find((socket) => socket.readyState === 1);

async function badMessage(kit, connection) {
	const live = connection.subscribe(LIVE);
	await shows(live);
	firstOpen(connection).send("nonsense");
	const { bad } = codes[kit.protocol];
	if (bad) {
		assert.match(await failure(live), bad);
		const again = connection.subscribe(NAMES); // connects again
		await shows(again);
		again.stop();
	} else {
		assert.match(await connection.refused.next(), /parsing ClientMessage failed/);
		await add();
		await shows(live);
		live.stop();
	}
}

async function doubleId(kit, connection) {
	const live = connection.subscribe(LIVE);
	await shows(live);
	const socket = firstOpen(connection);
	socket.send(socket.sent.findLast((text) => ["start", "subscribe"].includes(JSON.parse(text).type)));
	assert.match(await failure(live), codes[kit.protocol].twice);
	const other = connection.subscribe(NAMES);
	await shows(other);
	other.stop();
}

// Who takes too long to say hello is closed; the library connects again, and this time is quick. What is asked for in between,
// subscriptions-transport-ws would ask for twice, so it is asked for afterwards.
async function lateInit(kit) {
	let asked = 0;
	let over = false;
	const params = async () => {
		if (!asked++) while (!over) await pause(20);
		return { headers };
	};
	const connection = kit.open({ params, lazy: false });
	assert.equal(await connection.sockets[0].over, codes[kit.protocol].late);
	over = true;
	while (connection.sockets.length < 2) await pause(20);
	const live = connection.subscribe(LIVE);
	await shows(live);
	live.stop();
	connection.close();
}

async function expiringToken(kit) {
	let asked = 0;
	const params = () => ({ headers: { authorization: "Bearer " + token(asked++ ? 600 : 6) } });
	const connection = kit.open({ params });
	const live = connection.subscribe(NAMES);
	await shows(live);
	while (asked < 2) await shows(live);
	await add();
	await shows(live);
	assert.equal(asked, 2);
	live.stop();
	connection.close();
}

async function serverRestart(connection) {
	const live = connection.subscribe(LIVE);
	await shows(live);
	await restart();
	await shows(live);
	await add();
	await shows(live);
	live.stop();
}

export async function play(kit) {
	last = 0;
	await clear();
	const connection = kit.open({});
	await work(connection);
	if (kit.protocol) {
		await badMessage(kit, connection);
		await doubleId(kit, connection);
		await lateInit(kit);
	}
	if (!kit.forgets) {
		await expiringToken(kit);
		await serverRestart(connection);
	}
	connection.close();
	assert.deepEqual((await data("{ item(order_by: { id: asc }) { id } }")).item.map(({ id }) => id), Array.from({ length: last }, (_, i) => i + 1));
}
