// Apollo Client over both sub-protocols: query, mutation, live query, stream, errors, a restart.
import { ApolloClient, InMemoryCache, gql } from "@apollo/client/core/index.js";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions/index.js";
import { WebSocketLink } from "@apollo/client/link/ws/index.js";
import { createClient } from "graphql-ws";
import { createRequire } from "node:module";
import WebSocket from "ws";
import { LIVE, STREAM, assert, clear, end, headers, insert, named, pause, restart, results, wsUrl } from "./subscriptions.mjs";

globalThis.WebSocket ??= WebSocket; // Apollo's link looks at the browser's
const { SubscriptionClient } = createRequire(import.meta.url)("subscriptions-transport-ws");
const links = {
	transport: new GraphQLWsLink(
		createClient({ url: wsUrl, webSocketImpl: WebSocket, connectionParams: { headers }, retryAttempts: 100, retryWait: () => pause(100), shouldRetry: () => true }),
	),
	apollo: new WebSocketLink(new SubscriptionClient(wsUrl, { reconnect: true, connectionParams: { headers } }, WebSocket)),
};

await clear();
const open = [];
let id = 0;
for (const link of Object.values(links)) {
	const client = new ApolloClient({ link, cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: "network-only" } } });
	const subscribe = (query) => {
		const found = results();
		const s = client.subscribe({ query: gql(query) }).subscribe({ next: found.push, error: (error) => found.push({ failed: error }) });
		return { ...found, stop: () => s.unsubscribe() };
	};
	const before = id;
	const live = subscribe(LIVE);
	assert.equal(named(await live.next()).length, before);
	const made = await client.mutate({ mutation: gql`mutation ($o: item_insert_input!) { insert_item_one(object: $o) { id name } }`, variables: { o: { id: ++id, name: "n" + id } } });
	assert.equal(made.data.insert_item_one.id, id);
	assert.equal(named(await live.next()).at(-1), "n" + id);
	const read = await client.query({ query: gql`{ item(order_by: { id: desc }, limit: 1) { name } }` });
	assert.equal(read.data.item[0].name, "n" + id);
	const stream = subscribe(STREAM);
	assert.equal(named(await stream.next(), "item_stream")[0], "n1");
	stream.stop();
	const failed = await client.query({ query: gql`{ nope }` }).catch((error) => error);
	assert.match(JSON.stringify(failed), /not found in type/);
	const wrong = subscribe("subscription { nope }");
	assert.match(JSON.stringify(await wrong.next()), /not found in type/);
	open.push(live);
}
await insert(++id, "n" + id);
for (const live of open) while (named(await live.next()).length < id);
await restart();
await insert(++id, "n" + id);
for (const live of open) while (named(await live.next()).length < id);
for (const live of open) live.stop();
end();
