// Apollo Client over both sub-protocols.
import { ApolloClient, InMemoryCache, gql } from "@apollo/client/core/index.js";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions/index.js";
import { WebSocketLink } from "@apollo/client/link/ws/index.js";
import WebSocket from "ws";
import { apollo, transport } from "./sockets.mjs";
import { play } from "./story.mjs";
import { end, results } from "./subscriptions.mjs";

globalThis.WebSocket ??= WebSocket; // Apollo's link looks at the browser's

const kits = [
	{ protocol: "graphql-transport-ws", library: transport, link: (client) => new GraphQLWsLink(client) },
	{ protocol: "graphql-ws", library: apollo, link: (client) => new WebSocketLink(client) },
];

function open({ library, link }, options) {
	const socket = library(options);
	const client = new ApolloClient({ link: link(socket.client), cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: "network-only" } } });
	return {
		...socket,
		subscribe(query) {
			const found = results();
			const s = client.subscribe({ query: gql(query) }).subscribe(found.sink);
			return { ...found, stop: () => s.unsubscribe() };
		},
		ask(query, variables) {
			const document = gql(query);
			const asked = query.startsWith("mutation") ? client.mutate({ mutation: document, variables }) : client.query({ query: document, variables });
			return asked.catch((error) => ({ failed: error }));
		},
	};
}

for (const kit of kits) await play({ ...kit, open: (options) => open(kit, options) });
end();
