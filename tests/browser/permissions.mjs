// Permissions by clicks: every setting of the four forms is in the metadata as it was meant, and is shown again after a reload.
import { ask, assert, checkAccessibility, story } from "./lib/start.mjs";

const FORM = { insert: "A new row is allowed when", select: "Rows the role sees", update: "Rows the role may change", delete: "Rows the role may delete" };

await story("permissions", async ({ visit, page, step }) => {
	const form = (role, op) => page.getByRole("form", { name: `${op} permission of ${role}`, exact: true });
	const open = async (role, op) => {
		await page.getByRole("button", { name: new RegExp(`^${role}: ${op}: `) }).click();
		await form(role, op).waitFor();
		return form(role, op);
	};
	const part = (of, legend) => of.getByRole("group", { name: legend, exact: true });
	const save = async (role, op, roles = role) => {
		await form(role, op).getByRole("button", { name: "Save permission" }).click();
		await page.getByText(`${op} on note was saved for ${roles}.`).last().waitFor();
		await form(role, op).getByRole("button", { name: "Saved", exact: true }).waitFor();
	};
	/** The permission of the metadata, which has to be exactly this. */
	const exported = async (role, op, wanted, comment) => {
		const found = await ask("permission", { role, op });
		assert.deepEqual(found, { entry: { role, permission: wanted, ...(comment ? { comment } : {}) } });
	};
	/** The page as somebody finds it who comes later. */
	const later = async (role, op) => {
		await page.reload();
		await form(role, op).waitFor();
		return form(role, op);
	};
	const rule = async (of, op) => JSON.parse(await part(of, FORM[op]).getByLabel(`${FORM[op]} as JSON`).inputValue());
	const asJson = (of, legend) => part(of, legend).getByText("JSON", { exact: true }).click();
	const preset = (of, column) => of.getByLabel(`Preset of ${column}`, { exact: true });
	const checked = (of, names) => Promise.all(names.map((n) => of.getByRole("checkbox", { name: n, exact: true }).isChecked()));

	await visit.go("/data/default/schema/public/tables/note/permissions");
	await visit.login();
	await visit.go("/data/default/schema/public/tables/note/permissions");

	await step("a role by its name; admin is none to be set", async () => {
		await page.getByLabel("New role").fill("admin");
		await page.getByText("admin may do everything, always").waitFor();
		assert.ok(await page.getByRole("button", { name: "Add role" }).isDisabled());
		await page.getByLabel("New role").fill("reader");
		await page.keyboard.press("Enter");
		await form("reader", "select").waitFor();
	});

	await step("select: rows, columns, limit, aggregations, root fields, comment", async () => {
		const of = form("reader", "select");
		await part(of, FORM.select).getByRole("button", { name: "own rows by author_id" }).click();
		for (const c of ["id", "title", "words (computed)"]) await of.getByRole("checkbox", { name: c, exact: true }).check();
		await of.getByLabel("At most so many rows a query").fill("25");
		await of.getByLabel("all of query_root").uncheck();
		assert.ok(await of.getByLabel("query_root: select_aggregate").isDisabled(), "there are no aggregations yet");
		await of.getByLabel(/^Aggregations/).check();
		await of.getByLabel("query_root: select_aggregate").check();
		await of.getByLabel("query_root: select", { exact: true }).uncheck();
		await of.getByLabel("query_root: select", { exact: true }).check();
		await of.getByLabel("query_root: select_by_pk").uncheck();
		await of.getByLabel("all of subscription_root").uncheck();
		for (const f of ["select", "select_by_pk", "select_aggregate", "select_stream"]) await of.getByLabel(`subscription_root: ${f}`, { exact: true }).uncheck();
		await of.getByLabel("Comment").fill("for the app");
		await save("reader", "select");
		await exported("reader", "select", {
			columns: ["id", "title"], computed_fields: ["words"], filter: { author_id: { _eq: "X-Hasura-User-Id" } }, limit: 25, allow_aggregations: true,
			query_root_fields: ["select", "select_aggregate"], subscription_root_fields: [],
		}, "for the app");
	});
	await step("select: shown again", async () => {
		const of = await later("reader", "select");
		await page.getByRole("button", { name: "reader: select: some rows or columns" }).waitFor();
		assert.deepEqual(await checked(of, ["id", "title", "words (computed)", "price", "all, future ones too", "Aggregations (count, sum, …)"]), [true, true, true, false, false, true]);
		assert.equal(await of.getByLabel("At most so many rows a query").inputValue(), "25");
		assert.deepEqual(await checked(of, ["all of query_root", "query_root: select", "query_root: select_by_pk", "query_root: select_aggregate"]), [false, true, false, true]);
		assert.deepEqual(await checked(of, ["all of subscription_root", "subscription_root: select", "subscription_root: select_stream"]), [false, false, false]);
		assert.equal(await of.getByLabel("Comment").inputValue(), "for the app");
		assert.equal(await part(of, FORM.select).getByRole("button", { name: "own rows by author_id" }).getAttribute("aria-pressed"), "true");
		await checkAccessibility(page, "a permission of select");
	});
	await step("select: taken back, one by one", async () => {
		const of = form("reader", "select");
		await of.getByLabel("At most so many rows a query").fill("");
		await of.getByLabel(/^Aggregations/).uncheck();
		assert.equal(await of.getByLabel("query_root: select_aggregate").isChecked(), false);
		await of.getByLabel("all of subscription_root").check();
		await of.getByLabel("all, future ones too").check();
		await of.getByRole("checkbox", { name: "words (computed)", exact: true }).uncheck();
		await part(of, FORM.select).getByRole("button", { name: "every row" }).click();
		await of.getByLabel("Comment").fill("");
		await save("reader", "select");
		await exported("reader", "select", { columns: "*", filter: {}, query_root_fields: ["select"] });
		await form("reader", "select").getByLabel("all of query_root").check();
		await save("reader", "select");
		await page.getByRole("button", { name: "reader: select: full access" }).waitFor();
		await exported("reader", "select", { columns: "*", filter: {} });
	});

	await step("insert: rule by the builder, presets of every kind, only for backends", async () => {
		const of = await open("reader", "insert");
		const check = part(of, FORM.insert);
		await check.getByLabel("Add a condition on note").selectOption({ label: "stars" });
		await check.getByLabel("Operator on stars").selectOption({ label: "≤" });
		await check.getByLabel("Value for stars").fill("5");
		await check.getByLabel("Add a condition on note").selectOption({ label: "author →" });
		await check.getByLabel("Add a condition on author").selectOption({ label: "active" });
		await check.getByLabel("Value for active").fill("true");
		await of.getByRole("button", { name: "All", exact: true }).click();
		await of.getByRole("checkbox", { name: "id", exact: true }).uncheck();
		for (const c of ["author_id", "stars", "factor", "done", "body", "title", "price"]) await of.getByLabel("Add a preset").selectOption(c);
		await preset(of, "stars").fill("3");
		await preset(of, "factor").fill("");
		await preset(of, "factor").pressSequentially("1.05");
		await preset(of, "done").fill("true");
		await preset(of, "body").fill("");
		await preset(of, "body").pressSequentially('{ "a": [1, null] }');
		await preset(of, "title").fill("12");
		await of.getByRole("button", { name: "Set price to NULL" }).click();
		await of.getByLabel("Add a preset").selectOption("tenant_id");
		await of.getByRole("button", { name: "Remove the preset of tenant_id" }).click();
		await of.getByLabel("Only for backends").check();
		await save("reader", "insert");
		await exported("reader", "insert", {
			check: { _and: [{ stars: { _lte: 5 } }, { author: { active: { _eq: true } } }] },
			columns: ["author_id", "title", "body", "stars", "price", "factor", "done", "tenant_id", "tenant_secret"],
			set: { author_id: "X-Hasura-User-Id", stars: 3, factor: 1.05, done: true, body: { a: [1, null] }, title: "12", price: null },
			backend_only: true,
		});
	});
	await step("insert: shown again", async () => {
		const of = await later("reader", "insert");
		const values = {};
		for (const c of ["author_id", "stars", "factor", "done", "body", "title", "price"]) values[c] = await preset(of, c).inputValue();
		assert.deepEqual(values, { author_id: "X-Hasura-User-Id", stars: "3", factor: "1.05", done: "true", body: '{"a":[1,null]}', title: "12", price: "" });
		assert.equal(await preset(of, "price").getAttribute("placeholder"), "NULL");
		assert.deepEqual(await checked(of, ["id", "title", "stars"]), [false, true, true]);
		assert.ok(await of.getByLabel("Only for backends").isChecked());
		const check = part(of, FORM.insert);
		assert.deepEqual([await check.getByLabel("Operator on stars").inputValue(), await check.getByLabel("Value for stars").inputValue()], ["_lte", "5"]);
		assert.equal(await check.getByLabel("Value for active").inputValue(), "true");
		await asJson(of, FORM.insert);
		assert.deepEqual(await rule(of, "insert"), { _and: [{ stars: { _lte: 5 } }, { author: { active: { _eq: true } } }] });
	});

	await step("update: one rule before, one after", async () => {
		const of = await open("reader", "update");
		await asJson(of, FORM.update);
		await part(of, FORM.update).getByLabel(`${FORM.update} as JSON`).fill('{"title": ');
		await of.getByText("This is not a JSON object.").waitFor();
		assert.ok(await of.getByRole("button", { name: "Save permission" }).isDisabled());
		await part(of, FORM.update).getByLabel(`${FORM.update} as JSON`).fill('{"_or": [{"title": {"_is_null": true}}, {"done": {"_eq": false}}]}');
		await of.getByLabel("Changed rows must fit a rule of their own, too").check();
		await part(of, "A changed row is allowed when").getByRole("button", { name: "rows of the tenant" }).click();
		for (const c of ["title", "done"]) await of.getByRole("checkbox", { name: c, exact: true }).check();
		await of.getByLabel("Add a preset").selectOption("author_id");
		await save("reader", "update");
		const wanted = {
			columns: ["title", "done"], filter: { _or: [{ title: { _is_null: true } }, { done: { _eq: false } }] }, check: { tenant_id: { _eq: "X-Hasura-Tenant-Id" } },
			set: { author_id: "X-Hasura-User-Id" },
		};
		await exported("reader", "update", wanted);
		const again = await later("reader", "update");
		assert.ok(await again.getByLabel("Changed rows must fit a rule of their own, too").isChecked());
		assert.equal(await part(again, FORM.update).getByLabel("All or any of the conditions").first().inputValue(), "or");
		await part(again, FORM.update).getByLabel("Value for title").selectOption("false");
		await again.getByLabel("Changed rows must fit a rule of their own, too").uncheck();
		await again.getByLabel("Only for backends").check();
		await save("reader", "update");
		wanted.filter._or[0].title._is_null = false;
		await exported("reader", "update", { ...wanted, check: null, backend_only: true });
	});

	await step("delete: not, and a row elsewhere", async () => {
		const of = await open("reader", "delete");
		const filter = part(of, FORM.delete);
		await filter.getByLabel("Add a condition on note").selectOption({ label: "not (_not)" });
		await filter.getByLabel("Add a condition on note").first().selectOption({ label: "done" });
		await filter.getByLabel("Operator on done").selectOption({ label: "is null" });
		await filter.getByLabel("Add a condition on note").last().selectOption({ label: "there is a row in… (_exists)" });
		await filter.getByRole("combobox", { name: "Table", exact: true }).fill("auth");
		await page.getByRole("option", { name: "author", exact: true }).click();
		await filter.getByLabel("Add a condition on author").selectOption({ label: "id" });
		await filter.getByRole("button", { name: "X-Hasura-User-Id", exact: true }).click();
		await of.getByLabel("Only for backends").check();
		await save("reader", "delete");
		const wanted = {
			filter: { _and: [
				{ _not: { _and: [{ done: { _is_null: true } }] } },
				{ _exists: { _table: { schema: "public", name: "author" }, _where: { id: { _eq: "X-Hasura-User-Id" } } } },
			] },
			backend_only: true,
		};
		const { entry } = await ask("permission", { role: "reader", op: "delete" });
		assert.deepEqual(entry.permission.backend_only, true);
		const again = await later("reader", "delete");
		await asJson(again, FORM.delete);
		const shown = await rule(again, "delete");
		assert.deepEqual(shown, entry.permission.filter);
		assert.deepEqual(shown._and[1], wanted.filter._and[1]);
		assert.match(JSON.stringify(shown._and[0]), /^\{"_not":.*\{"done":\{"_is_null":true\}\}/);
	});

	await step("see as the role, of what is not saved", async () => {
		const of = await open("reader", "select");
		await part(of, FORM.select).getByRole("button", { name: "own rows by author_id" }).click();
		await of.getByLabel("all, future ones too").uncheck();
		await of.getByRole("checkbox", { name: "secret", exact: false }).first().uncheck();
		const see = part(of, "See as reader");
		await see.getByLabel("x-hasura-user-id").fill("1");
		await see.getByRole("button", { name: "Look" }).click();
		await see.getByText("2 rows seen, 1 hidden").waitFor();
		const rows = see.getByRole("region", { name: "Rows as reader sees them" });
		assert.deepEqual(await rows.locator("tbody tr td:first-child").allInnerTexts(), ["yes", "yes", "no"]);
		const struck = await rows.getByRole("columnheader").evaluateAll((all) => all.filter((e) => getComputedStyle(e).textDecorationLine === "line-through").map((e) => e.textContent));
		assert.deepEqual(struck, ["tenant_secret"]);
		await of.getByLabel("At most so many rows a query").fill("1");
		await see.getByText("The form changed since.").waitFor();
		await exported("reader", "select", { columns: "*", filter: {} });
	});
	await step("see as the role: what may be changed, deleted and inserted", async () => {
		for (const [op, seen] of [["update", "1 row changed, 2 out of reach"], ["delete", "3 rows deleted, 0 out of reach"], ["insert", null]]) {
			const of = await open("reader", op);
			if (op === "update") await part(of, FORM.update).getByLabel("Value for title").selectOption("true");
			const see = part(of, "See as reader");
			if (await see.getByLabel("x-hasura-user-id").count()) await see.getByLabel("x-hasura-user-id").fill("1");
			await see.getByRole("button", { name: "Look" }).click();
			if (seen) await see.getByText(seen).waitFor();
			else await see.getByText(/^check: .*"stars"/).waitFor();
		}
	});

	await step("see as the role: presets alone", async () => {
		const of = await open("guest", "update");
		await of.getByLabel("Add a preset").selectOption("author_id");
		await part(of, "See as guest").getByLabel("x-hasura-user-id").fill("1");
		await part(of, "See as guest").getByRole("button", { name: "Look" }).click();
		await of.getByText("3 rows changed, 0 out of reach").waitFor();
	});

	await step("copied to another role, and saved for several at once", async () => {
		await page.getByLabel("New role").fill("editor");
		await page.keyboard.press("Enter");
		await form("editor", "select").waitFor();
		const of = await open("editor", "insert");
		await of.getByLabel("Copy from another permission").selectOption({ label: "reader: insert" });
		await of.getByText("Save for further roles, too").click();
		await of.getByLabel("Further roles").getByLabel("guest").check();
		await of.getByText("Saved for 1 further role, too").waitFor();
		await save("editor", "insert", "editor, guest");
		const { entry } = await ask("permission", { role: "reader", op: "insert" });
		await exported("editor", "insert", entry.permission);
		await exported("guest", "insert", entry.permission);
		await page.getByRole("button", { name: "guest: insert: some rows or columns" }).waitFor();
	});
	await step("the rule of another operation", async () => {
		const of = await open("editor", "delete");
		await of.getByLabel("Copy from another permission").selectOption({ label: "reader: update" });
		await save("editor", "delete");
		const { entry } = await ask("permission", { role: "reader", op: "update" });
		await exported("editor", "delete", { filter: entry.permission.filter, backend_only: true });
	});
	await step("refused by the server: nothing is lost", async () => {
		visit.allow(/status of 400/);
		const of = await open("guest", "select");
		await asJson(of, FORM.select);
		await part(of, FORM.select).getByLabel(`${FORM.select} as JSON`).fill('{"nowhere": {"_eq": 1}}');
		await of.getByRole("button", { name: "Save permission" }).click();
		await page.getByText("Not saved").waitFor();
		assert.deepEqual(await rule(of, "select"), { nowhere: { _eq: 1 } });
		assert.deepEqual(await ask("permission", { role: "guest", op: "select" }), { entry: null });
		visit.allowed.pop();
	});
	await step("made by somebody else meanwhile: what was chosen stays, and can be saved over theirs", async () => {
		visit.allow(/status of 400/);
		await page.reload();
		const of = await open("guest", "select");
		await of.getByRole("checkbox", { name: "title", exact: true }).check();
		await ask("do", { type: "pg_create_select_permission", args: { table: "note", role: "guest", permission: { columns: ["stars"], filter: {} } } });
		await of.getByRole("button", { name: "Save permission" }).click();
		await of.getByText("Somebody else changed this permission meanwhile").waitFor();
		assert.deepEqual(await checked(of, ["title", "stars"]), [true, false]);
		await checkAccessibility(page, "a permission changed meanwhile");
		await of.getByRole("button", { name: "Show theirs" }).click();
		assert.deepEqual(await checked(of, ["title", "stars"]), [false, true]);
		await of.getByRole("checkbox", { name: "title", exact: true }).check();
		await of.getByRole("button", { name: "Look" }).click();
		const seen = of.getByRole("region", { name: "Rows as guest sees them" });
		await seen.waitFor();
		await save("guest", "select");
		assert.equal(await seen.count(), 1, "what the role sees is still shown after saving");
		assert.equal(await of.getByText("Somebody else").count(), 0);
		await ask("do", { type: "pg_drop_select_permission", args: { table: "note", role: "guest" } });
		visit.allowed.pop();
	});
	await step("a column that is gone is named, and left out", async () => {
		const of = await open("editor", "insert");
		const { entry } = await ask("permission", { role: "editor", op: "insert" });
		await ask("column", { from: "price", to: "cost" });
		await page.reload();
		await of.getByText("note has no price").waitFor();
		await of.getByRole("button", { name: "Leave it out" }).click();
		await of.getByText("note has no price").waitFor({ state: "detached" });
		await ask("column", { from: "cost", to: "price" });
		await page.reload();
		await of.waitFor();
		await exported("editor", "insert", entry.permission);
	});
	await step("numbers longer than JavaScript's keep their digits", async () => {
		const of = await open("exact", "update");
		assert.equal(await part(of, FORM.update).getByLabel("Value for id").inputValue(), "9007199254740993, -9007199254740995");
		assert.equal(await preset(of, "body").inputValue(), '{"n":9007199254740993}');
		await of.getByRole("checkbox", { name: "done", exact: true }).check();
		await of.getByLabel("Add a preset").selectOption("author_id");
		await save("exact", "update");
		const text = (more) => `{"check": {"id": {"_lt": 9223372036854775807}}, "columns": ["title", "done"], "filter": {"id": {"_in": [9007199254740993, -9007199254740995]}}, "set": {"author_id": "X-Hasura-User-Id", "body": {"n": ${more}}}}`;
		assert.equal((await ask("text", { role: "exact", op: "update" })).text, text("9007199254740993"));
		// Read again while the page is open, and written as JSON and in a preset.
		await asJson(of, FORM.update);
		const box = part(of, FORM.update).getByLabel(`${FORM.update} as JSON`);
		await box.fill((await box.inputValue()).replace("-9007199254740995", "-9007199254740995 "));
		await preset(of, "body").fill('{"n":9007199254740997}');
		await save("exact", "update");
		assert.equal((await ask("text", { role: "exact", op: "update" })).text, text("9007199254740997"));
	});
	await step("deleted", async () => {
		const of = await open("reader", "delete");
		await of.getByRole("button", { name: "Delete permission" }).click();
		await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
		await page.getByRole("button", { name: "reader: delete: no access" }).waitFor();
		assert.deepEqual(await ask("permission", { role: "reader", op: "delete" }), { entry: null });
	});

	await step("an inherited role: what it has, and from whom", async () => {
		const table = "note";
		await ask("do", { type: "pg_create_select_permission", args: { table, role: "guest", permission: { columns: ["id"], filter: { done: { _eq: true } } } } });
		await ask("do", { type: "pg_create_delete_permission", args: { table, role: "guest", permission: { filter: { done: { _eq: false } } } } });
		await ask("do", { type: "pg_create_delete_permission", args: { table, role: "reader", permission: { filter: {} } } });
		await ask("do", { type: "add_inherited_role", args: { role_name: "both", role_set: ["reader", "guest"] } });
		await page.reload();
		await page.getByText("= reader + guest").waitFor();
		await page.getByRole("button", { name: "both: update: inherited from reader: some rows or columns" }).waitFor();
		await page.getByRole("button", { name: "both: delete: no access, as reader, guest differ" }).click();
		await page.getByText("both may not delete: its parts differ").waitFor();
		await page.getByRole("button", { name: "both: select: inherited from reader, guest: full access" }).click();
		const view = page.getByRole("region", { name: "select permission of both, inherited" });
		await view.getByText("Inherited from reader, guest.").waitFor();
		const guest = view.getByRole("article", { name: "select permission of guest" });
		assert.match((await guest.innerText()).replaceAll(/\s+/g, " "), /rows \{ "done": \{ "_eq": true \} \} columns id aggregations no/);
		await view.getByRole("article", { name: "select permission of reader" }).getByText("every row").waitFor();
		assert.equal(await page.getByRole("button", { name: "Save permission" }).count(), 0);
		await checkAccessibility(page, "an inherited permission");
		await view.getByRole("button", { name: "Edit the permission of guest" }).click();
		await form("guest", "select").waitFor();
	});
	await step("an inherited role: a permission of its own, and back", async () => {
		await page.getByRole("button", { name: /^both: select: / }).click();
		await page.getByRole("button", { name: "Give both its own permission" }).click();
		const of = form("both", "select");
		await of.getByText("this takes the place of what reader, guest would give it").waitFor();
		await of.getByRole("checkbox", { name: "id", exact: true }).check();
		await save("both", "select");
		await exported("both", "select", { columns: ["id"], filter: {} });
		await page.getByRole("button", { name: "both: select: some rows or columns, in place of what reader, guest would give" }).waitFor();
		await of.getByRole("button", { name: "Delete permission" }).click();
		await page.getByText("both then has what reader, guest may.").waitFor();
		await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
		await page.getByRole("button", { name: "both: select: inherited from reader, guest: full access" }).waitFor();
	});
});
