// @urql/core over HTTP: documents, variables, mutations that make cached lists be asked for again, errors, GET.
import { Client, cacheExchange, fetchExchange, gql } from "@urql/core";
import { assert, headers, names, url } from "./start.mjs";

const make = (more) => new Client({ url, exchanges: [cacheExchange, fetchExchange], fetchOptions: { headers }, preferGetMethod: false, ...more });
const client = make();

const LIST = gql`
	query List($pattern: String!) {
		author(where: { name: { _ilike: $pattern } }, order_by: [{ active: desc }, { name: asc }]) {
			id
			name
		}
	}
`;
const list = await client.query(LIST, { pattern: "a%" }).toPromise();
assert.equal(list.error, undefined);
assert.deepEqual(names(list.data.author), ["Abel", "Anna", "Axel"]);
assert.equal(list.data.author[0].__typename, "author");

const add = gql`
	mutation ($objects: [author_insert_input!]!) {
		insert_author(objects: $objects) {
			affected_rows
			returning {
				id
				name
			}
		}
	}
`;
const added = await client.mutation(add, { objects: [{ name: "Aya" }, { name: "Bea" }] }).toPromise();
assert.equal(added.data.insert_author.affected_rows, 2);
const again = await client.query(LIST, { pattern: "a%" }).toPromise();
assert.deepEqual(names(again.data.author), ["Abel", "Anna", "Aya", "Axel"]);

const ids = added.data.insert_author.returning.map((row) => row.id);
const gone = await client.mutation(gql`mutation ($ids: [Int!]) { delete_author(where: { id: { _in: $ids } }) { affected_rows } }`, { ids }).toPromise();
assert.equal(gone.data.delete_author.affected_rows, 2);

const wrong = await client.query(gql`query ($id: Int!) { author_by_pk(id: $id) { id } }`, { id: "x" }).toPromise();
assert.equal(wrong.data, undefined);
assert.match(wrong.error.message, /\[GraphQL\]/);
const clash = await client.mutation(add, { objects: [{ id: 1, name: "Twice" }] }).toPromise();
assert.match(clash.error.graphQLErrors[0].message, /Uniqueness violation/);
assert.equal(clash.error.graphQLErrors[0].extensions.code, "constraint-violation");
const closed = await make({ fetchOptions: {} }).query(LIST, { pattern: "a%" }).toPromise();
assert.match(closed.error.message, /required, but not found/);
