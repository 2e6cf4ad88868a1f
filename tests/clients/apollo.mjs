// @apollo/client over HTTP: a cache that has to find ids and types, variables, fragments, errors, batches.
import core from "@apollo/client/core/core.cjs";
import batch from "@apollo/client/link/batch-http/batch-http.cjs";
import { assert, headers, names, url } from "./start.mjs";

const { ApolloClient, HttpLink, InMemoryCache, gql } = core;
const make = (link) => new ApolloClient({ link, cache: new InMemoryCache() });
const client = make(new HttpLink({ uri: url, headers }));

const PART = gql`
	fragment Part on author {
		id
		name
	}
`;
const list = await client.query({
	query: gql`
		query List($where: author_bool_exp!, $order: [author_order_by!], $limit: Int) {
			author(where: $where, order_by: $order, limit: $limit) {
				...Part
				articles(order_by: { id: asc }) {
					id
					title
				}
			}
			author_aggregate(where: $where) {
				aggregate {
					count
				}
			}
		}
		${PART}
	`,
	variables: { where: { name: { _like: "A%" } }, order: [{ name: "desc" }], limit: 3 },
});
assert.deepEqual(names(list.data.author), ["Axel", "Anna", "Abel"]);
assert.equal(list.data.author[0].__typename, "author");
assert.equal(list.data.author_aggregate.aggregate.count, 3);
assert.deepEqual(list.data.author[2].articles.map((one) => one.title), ["One", "Two"]);

const made = await client.mutate({
	mutation: gql`
		mutation Add($object: author_insert_input!) {
			insert_author_one(object: $object) {
				...Part
				active
				articles {
					id
					title
				}
			}
		}
		${PART}
	`,
	variables: { object: { name: "Zoe", articles: { data: [{ title: "Nested" }] } } },
});
const zoe = made.data.insert_author_one;
assert.equal(zoe.articles[0].title, "Nested");

// The answer of an update finds its way to the watched query by __typename and id.
const one = client.watchQuery({
	query: gql`
		query One($id: Int!) {
			author_by_pk(id: $id) {
				id
				name
			}
		}
	`,
	variables: { id: zoe.id },
});
const seen = [];
const subscription = one.subscribe((result) => seen.push(result.data.author_by_pk?.name));
await one.result();
const change = gql`
	mutation Change($id: Int!, $set: author_set_input!) {
		update_author_by_pk(pk_columns: { id: $id }, _set: $set) {
			id
			name
		}
	}
`;
await client.mutate({ mutation: change, variables: { id: zoe.id, set: { name: "Zoë" } } });
subscription.unsubscribe();
assert.deepEqual(seen, ["Zoe", "Zoë"]);

const many = await client.mutate({
	mutation: gql`
		mutation Many($ids: [Int!]!) {
			update_author(where: { id: { _in: $ids } }, _set: { active: false }) {
				affected_rows
			}
			delete_article(where: { author_id: { _in: $ids } }) {
				affected_rows
			}
			delete_author(where: { id: { _in: $ids } }) {
				returning {
					id
				}
			}
		}
	`,
	variables: { ids: [zoe.id] },
});
assert.equal(many.data.update_author.affected_rows, 1);
assert.equal(many.data.delete_author.returning[0].id, zoe.id);

await assert.rejects(client.query({ query: gql`{ author { nme } }` }), (error) => {
	assert.match(error.message, /field 'nme' not found in type: 'author'/);
	assert.equal(error.graphQLErrors[0].extensions.code, "validation-failed");
	return true;
});
await assert.rejects(make(new HttpLink({ uri: url })).query({ query: gql`{ author { id } }` }), /required, but not found/);

// Two queries in one request.
let requests = 0;
const counting = (...args) => {
	requests += 1;
	return fetch(...args);
};
const batching = make(new batch.BatchHttpLink({ uri: url, headers, fetch: counting, batchInterval: 20 }));
const both = await Promise.all([batching.query({ query: gql`{ author(limit: 1, order_by: { id: asc }) { name } }` }), batching.query({ query: gql`{ article(limit: 1, order_by: { id: asc }) { title } }` })]);
assert.deepEqual(both.map((result) => Object.keys(result.data)[0]), ["author", "article"]);
assert.equal(requests, 1);
client.stop();
