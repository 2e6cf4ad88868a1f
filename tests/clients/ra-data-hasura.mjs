// react-admin's data provider: each of its nine calls, with what a list of react-admin sends: sorting, pages, filters.
import provider from "ra-data-hasura";
import { assert, headers, names, url } from "./start.mjs";

const data = await (provider.default ?? provider)({ clientOptions: { uri: url, headers } });
const page = (number, perPage = 2) => ({ page: number, perPage });
const byName = { field: "name", order: "ASC" };

const first = await data.getList("author", { pagination: page(1), sort: byName, filter: {} });
assert.deepEqual([names(first.data), first.total], [["Abel", "Anna"], 5]);
const second = await data.getList("author", { pagination: page(2), sort: { field: "name", order: "DESC" }, filter: {} });
assert.deepEqual(names(second.data), ["Axel", "Anna"]);
const found = await data.getList("author", { pagination: page(1, 10), sort: byName, filter: { "name@_ilike": "a%", active: true } });
assert.deepEqual([names(found.data), found.total], [["Abel", "Anna"], 2]);
const nested = await data.getList("article", { pagination: page(1, 10), sort: { field: "author.name,id", order: "asc,desc" }, filter: { "author#name@_eq": "Abel" } });
assert.deepEqual(nested.data.map((row) => row.title), ["Two", "One"]);

const id = first.data[0].id;
assert.equal((await data.getOne("author", { id })).data.name, "Abel");
assert.deepEqual(names((await data.getMany("author", { ids: [id, second.data[0].id] })).data).sort(), ["Abel", "Axel"]);
const theirs = await data.getManyReference("article", { target: "author_id", id, pagination: page(1, 10), sort: { field: "id", order: "ASC" }, filter: {} });
assert.deepEqual([theirs.data.map((row) => row.title), theirs.total], [["One", "Two"], 2]);

const made = (await data.create("author", { data: { name: "Cleo" } })).data;
assert.deepEqual([made.name, made.active], ["Cleo", true]);
const changed = await data.update("author", { id: made.id, data: { id: made.id, name: "Clea" }, previousData: made });
assert.equal(changed.data.name, "Clea");
const other = (await data.create("author", { data: { name: "Dora" } })).data;
const ids = [made.id, other.id];
await data.updateMany("author", { ids, data: { active: false } });
assert.deepEqual((await data.getMany("author", { ids })).data.map((row) => row.active), [false, false]);
await data.delete("author", { id: made.id, previousData: changed.data });
await data.deleteMany("author", { ids: [other.id] });
assert.deepEqual((await data.getMany("author", { ids })).data, []);
await assert.rejects(data.create("author", { data: { name: null } }), /unexpected null value|Not-NULL violation/);
