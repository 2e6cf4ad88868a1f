// What the scripts of subscriptions share: the server's places, a table to write to by plain HTTP, patience.
import { assert, headers, secret, url } from "./start.mjs";

export const wsUrl = url.replace("http", "ws");
export const LIVE = "subscription { item(order_by: { id: asc }) { id name } }";
export const NAMES = "subscription { item(order_by: { id: asc }) { name } }";
export const STREAM = "subscription { item_stream(batch_size: 2, cursor: { initial_value: { id: 0 } }) { id name } }";
export { assert, headers, secret, url };

export async function post(body, more = {}) {
	const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers, ...more }, body: JSON.stringify(body) });
	return answer.json();
}

export async function data(query, variables) {
	const answer = await post({ query, variables });
	assert.equal(answer.errors, undefined);
	return answer.data;
}

export const insert = (id, name) => data("mutation ($o: item_insert_input!) { insert_item_one(object: $o) { id } }", { o: { id, name } });
export const clear = () => data("mutation { delete_item(where: {}) { affected_rows } }");

// Results in the order they came: `push` them, `await next()` them; `sink` is what libraries take that tell of errors and of the end.
export function results() {
	const waiting = [];
	const there = [];
	const push = (value) => {
		if (waiting.length) waiting.shift()(value);
		else there.push(value);
	};
	return {
		push,
		sink: { next: push, error: (error) => push({ failed: error }), complete: () => push({ complete: true }) },
		next() {
			if (there.length) return Promise.resolve(there.shift());
			const nothing = new Error("nothing came"); // made here: its stack says who waited
			return new Promise((resolve, reject) => {
				const late = setTimeout(() => reject(nothing), 60000);
				waiting.push((value) => {
					clearTimeout(late);
					resolve(value);
				});
			});
		},
	};
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Names of rows of the last result.
export const named = (result, field = "item") => result.data[field].map((row) => row.name);

// The one who starts this script restarts the server when told so, and says when it is there again.
export async function restart() {
	process.stdout.write("restart\n");
	await new Promise((resolve) => process.stdin.once("data", resolve));
}

export function end() {
	process.stdin.destroy();
	process.exit(0);
}
