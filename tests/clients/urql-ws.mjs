// urql: subscriptions by subscriptionExchange over graphql-ws and over subscriptions-transport-ws, and by its own fetch exchange as
// server-sent events; queries and mutations by fetch, as its documentation has it.
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import { createRequire } from "node:module";
import WebSocket from "ws";
import { LIVE, STREAM, assert, clear, end, headers, insert, named, pause, restart, results, url, wsUrl } from "./subscriptions.mjs";

const { SubscriptionClient } = createRequire(import.meta.url)("subscriptions-transport-ws");
const transport = createClient({ url: wsUrl, webSocketImpl: WebSocket, connectionParams: { headers }, retryAttempts: 100, retryWait: () => pause(100), shouldRetry: () => true });
const apollo = new SubscriptionClient(wsUrl, { reconnect: true, connectionParams: { headers } }, WebSocket);
const exchanges = {
	transport: subscriptionExchange({
		forwardSubscription: (request) => ({ subscribe: (sink) => ({ unsubscribe: transport.subscribe({ ...request, query: request.query ?? "" }, sink) }) }),
	}),
	apollo: subscriptionExchange({ forwardSubscription: (request) => apollo.request({ query: request.query, variables: request.variables }) }),
	events: null,
};

// urql aborts the fetch of a subscription that is over, and nobody waits for that promise.
process.on("unhandledRejection", (error) => assert.equal(error.name, "AbortError"));

await clear();
const open = [];
let id = 0;
for (const [name, exchange] of Object.entries(exchanges)) {
	const client = new Client({
		url,
		exchanges: exchange ? [cacheExchange, exchange, fetchExchange] : [cacheExchange, fetchExchange],
		fetchOptions: { headers },
		fetchSubscriptions: !exchange,
		preferGetMethod: false,
		requestPolicy: "network-only",
	});
	const subscribe = (query) => {
		const found = results();
		const { unsubscribe } = client.subscription(query, {}).subscribe((result) => found.push(result));
		return { ...found, stop: unsubscribe };
	};
	const live = subscribe(LIVE);
	assert.equal(named(await live.next()).length, id, name);
	const made = await client.mutation("mutation ($o: item_insert_input!) { insert_item_one(object: $o) { id name } }", { o: { id: ++id, name: "n" + id } }).toPromise();
	assert.equal(made.data.insert_item_one.id, id);
	while (named(await live.next()).length < id);
	const read = await client.query("{ item(order_by: { id: desc }, limit: 1) { name } }", {}).toPromise();
	assert.equal(read.data.item[0].name, "n" + id);
	const stream = subscribe(STREAM);
	assert.equal(named(await stream.next(), "item_stream")[0], "n1");
	stream.stop();
	const failed = await client.query("{ nope }", {}).toPromise();
	assert.match(failed.error.message, /not found in type/);
	if (exchange) open.push(live);
	else live.stop();
}
await restart();
await insert(++id, "n" + id);
for (const live of open) while (named(await live.next()).length < id);
for (const live of open) live.stop();
end();
