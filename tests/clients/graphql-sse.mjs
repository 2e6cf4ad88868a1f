// graphql-sse in its distinct connections mode.
import { createClient } from "graphql-sse";
import { play } from "./story.mjs";
import { LIVE, assert, end, headers, pause, results, url } from "./subscriptions.mjs";

function open({ params, ...more }) {
	const client = createClient({ url, headers: params ? () => params().headers : headers, retryAttempts: 100, retry: () => pause(100), ...more });
	const subscribe = (query, variables) => {
		const found = results();
		const stop = client.subscribe({ query, variables }, found.sink);
		return { ...found, stop };
	};
	const ask = async (query, variables) => {
		const found = subscribe(query, variables);
		const result = await found.next();
		if (!result.failed) assert.deepEqual(await found.next(), { complete: true });
		return result;
	};
	return { subscribe, ask, close: () => client.dispose() };
}

await play({ open });
const connection = open({});
assert.equal((await connection.ask("subscription { nope }")).errors[0].extensions.code, "validation-failed");
connection.close();
const refused = open({ headers: {}, retryAttempts: 0 });
assert.equal((await refused.ask(LIVE)).failed.response.status, 400);
end();
