// refine's data provider: each of its calls, with sorters, filters and pages as its hooks send them.
import dataProvider, { GraphQLClient } from "@refinedev/hasura";
import { assert, headers, names, url } from "./start.mjs";

const data = dataProvider(new GraphQLClient(url, { headers }), { idType: "Int" });
const meta = { fields: ["id", "name", "active"] };
const list = (more) => data.getList({ resource: "author", meta, ...more });

const first = await list({ pagination: { currentPage: 1, pageSize: 2, mode: "server" }, sorters: [{ field: "name", order: "asc" }] });
assert.deepEqual([names(first.data), first.total], [["Abel", "Anna"], 5]);
const second = await list({ pagination: { currentPage: 2, pageSize: 2, mode: "server" }, sorters: [{ field: "active", order: "desc" }, { field: "name", order: "desc" }] });
assert.equal(second.data.length, 2);
const found = await list({ sorters: [{ field: "name", order: "asc" }], filters: [{ operator: "or", value: [{ field: "name", operator: "startswith", value: "A" }, { field: "name", operator: "eq", value: "Ben" }] }, { field: "active", operator: "eq", value: true }] });
assert.deepEqual(names(found.data), ["Abel", "Anna", "Ben"]);
const nested = await data.getList({ resource: "article", meta: { fields: ["id", "title", { author: ["name"] }] }, filters: [{ field: "author.name", operator: "eq", value: "Abel" }], sorters: [{ field: "author.name", order: "asc" }, { field: "id", order: "asc" }] });
assert.deepEqual(nested.data.map((row) => [row.title, row.author.name]), [["One", "Abel"], ["Two", "Abel"]]);

const id = first.data[0].id;
assert.equal((await data.getOne({ resource: "author", id, meta })).data.name, "Abel");
assert.equal((await data.getMany({ resource: "author", ids: [id, first.data[1].id], meta })).data.length, 2);

const made = (await data.create({ resource: "author", variables: { name: "Cleo" }, meta })).data;
assert.equal(made.active, true);
const both = (await data.createMany({ resource: "author", variables: [{ name: "Dora" }, { name: "Edda" }], meta })).data;
assert.deepEqual(names(both).sort(), ["Dora", "Edda"]);
assert.equal((await data.update({ resource: "author", id: made.id, variables: { name: "Clea" }, meta })).data.name, "Clea");
const ids = both.map((row) => row.id);
assert.equal((await data.updateMany({ resource: "author", ids, variables: { active: false }, meta })).data.length, 2);
assert.equal((await data.deleteOne({ resource: "author", id: made.id, meta })).data.id, made.id);
assert.equal((await data.deleteMany({ resource: "author", ids, meta })).data.length, 2);
const custom = await data.custom({ url: "", method: "get", meta: { operation: "author_aggregate", fields: [{ aggregate: ["count"] }] } });
assert.equal(custom.data.aggregate.count, 5);
