// urql: subscriptions by subscriptionExchange over graphql-ws and over subscriptions-transport-ws, and by its own fetch exchange as
// server-sent events; queries and mutations by fetch, as its documentation has it, and over the sockets too.
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "@urql/core";
import { apollo, transport } from "./sockets.mjs";
import { play, said } from "./story.mjs";
import { assert, end, headers, results, url } from "./subscriptions.mjs";

// urql aborts the fetch of a subscription that is over, and nobody waits for that promise.
process.on("unhandledRejection", (error) => assert.equal(error.name, "AbortError"));

const kits = [
	{
		protocol: "graphql-transport-ws",
		library: transport,
		forward: (client) => (request) => ({ subscribe: (sink) => ({ unsubscribe: client.subscribe({ ...request, query: request.query ?? "" }, sink) }) }),
	},
	{ protocol: "graphql-ws", library: apollo, forward: (client) => (request) => client.request({ query: request.query, variables: request.variables }) },
];

const outcome = (result) => (result.error ? { failed: result.error } : result);

function connect(exchanges, more) {
	const client = new Client({ url, exchanges: [cacheExchange, ...exchanges], fetchOptions: { headers }, preferGetMethod: false, requestPolicy: "network-only", ...more });
	return {
		subscribe(query) {
			const found = results();
			const { unsubscribe } = client.subscription(query, {}).subscribe((result) => found.push(outcome(result)));
			return { ...found, stop: unsubscribe };
		},
		ask: async (query, variables = {}) => outcome(await (query.startsWith("mutation") ? client.mutation(query, variables) : client.query(query, variables)).toPromise()),
		close() {},
	};
}

function open({ library, forward }, options, all = false) {
	const socket = library(options);
	return { ...connect([subscriptionExchange({ forwardSubscription: forward(socket.client), enableAllOperations: all }), fetchExchange]), ...socket };
}

for (const kit of kits) {
	await play({ ...kit, open: (options) => open(kit, options) });
	// urql leaves a query at its result; graphql-ws counts it off once more at its end, and closes a socket that is still used: so
	// queries and mutations have one of their own.
	const { ask, close } = open(kit, {}, true);
	assert.equal((await ask("mutation { delete_item(where: { id: { _gt: 1 } }) { affected_rows } }")).failed, undefined);
	assert.deepEqual((await ask("{ item { id } }")).data.item.map(({ id }) => id), [1]);
	assert.match(said(await ask("{ nope }")), /field 'nope' not found in type: 'query_root'/);
	close();
}
// An event stream that ends is the end of the subscription: urql leaves it to the application to begin again.
await play({ forgets: true, open: () => connect([fetchExchange], { fetchSubscriptions: true }) });
end();
