// The two libraries that speak over WebSockets, as themselves and below Apollo Client and urql. Their sockets are remembered, so that a
// script can say by them what the library never would.
import { createClient } from "graphql-ws";
import { createRequire } from "node:module";
import WebSocket from "ws";
import { headers, pause, results, wsUrl } from "./subscriptions.mjs";

const { SubscriptionClient } = createRequire(import.meta.url)("subscriptions-transport-ws");
const admin = () => ({ headers });

// A list of sockets, in the order they were opened, and the class that fills it. A socket knows what was sent and its close code.
function remembering() {
	const sockets = [];
	class Remembered extends WebSocket {
		constructor(...args) {
			super(...args);
			this.sent = [];
			this.over = new Promise((resolve) => this.once("close", (code) => resolve(code)));
			sockets.push(this);
		}
		send(text) {
			this.sent.push(text);
			super.send(text);
		}
	}
	return { sockets, Remembered };
}

// graphql-ws, which speaks graphql-transport-ws. params: what it says when it connects; more: its own options.
export function transport({ params = admin, ...more } = {}) {
	const { sockets, Remembered } = remembering();
	const client = createClient({
		url: wsUrl,
		webSocketImpl: Remembered,
		connectionParams: params,
		retryAttempts: 100,
		retryWait: () => pause(100),
		shouldRetry: () => true,
		...more,
	});
	return { client, sockets, close: () => client.dispose() };
}

// subscriptions-transport-ws, which speaks Apollo's older protocol; `refused` has what was said of its connection.
export function apollo({ params = admin, ...more } = {}) {
	const { sockets, Remembered } = remembering();
	const refused = results();
	// The library gives up a connection that is not there after minTimeout, which is a second unless one says more.
	const options = { reconnect: true, lazy: true, minTimeout: 30_000, connectionParams: params, connectionCallback: (error) => error && refused.push(error), ...more };
	const client = new SubscriptionClient(wsUrl, options, Remembered);
	return { client, sockets, refused, close: () => client.close() };
}
