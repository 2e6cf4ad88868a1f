// Relationships by clicks: by hand, of one column and of two, renamed with the permissions that use them, deleted.
import { ask, assert, checkAccessibility, story } from "./lib/start.mjs";

await story("relationships", async ({ visit, page, step }) => {
	const button = (name) => page.getByRole("button", { name, exact: true });
	const row = (name) => page.getByRole("row").filter({ has: page.getByRole("button", { name: `Delete ${name}`, exact: true }) });
	const list = async (table, kind) => (await ask("relationships", { table, kind })).list;
	const go = (table) => visit.go(`/data/default/schema/public/tables/${table}/relationships`);
	const byHand = page.getByRole("region", { name: "By hand", exact: true });
	const choose = async (table) => {
		await byHand.getByRole("combobox", { name: "To table" }).fill(table);
		await page.getByRole("option", { name: table, exact: true }).click();
	};
	const cells = (name) => row(name).getByRole("cell").allInnerTexts().then((all) => all.slice(0, 5).map((t) => t.trim().toLowerCase()));

	await go("member");
	await visit.login();
	await go("member");

	await step("an object relationship of two columns", async () => {
		await byHand.getByLabel("Name", { exact: true }).fill(" desk ");
		await choose("seat");
		assert.ok(await button("Add relationship").isDisabled());
		await byHand.getByLabel("Column 1 of member").selectOption("room");
		await byHand.getByLabel("Column 1 of seat").selectOption("room");
		await button("Further columns").click();
		await byHand.getByLabel("Column 2 of member").selectOption("room");
		await byHand.getByLabel("Column 2 of seat").selectOption("number");
		await byHand.getByText("room is there twice").waitFor();
		assert.ok(await button("Add relationship").isDisabled());
		await byHand.getByLabel("Column 2 of member").selectOption("place");
		await checkAccessibility(page, "a relationship by hand");
		await button("Add relationship").click();
		await row("desk").waitFor();
		assert.deepEqual(await list("member", "object"), [{ name: "desk", using: { manual_configuration: {
			column_mapping: { room: "room", place: "number" }, insertion_order: null, remote_table: { schema: "public", name: "seat" } } } }]);
		assert.deepEqual(await cells("desk"), ["desk", "object", "seat", "place → number, room → room", "manual"]);
	});
	await step("an array relationship to a view; a pair taken back", async () => {
		await byHand.getByLabel("Type").selectOption("array");
		await byHand.getByLabel("Name", { exact: true }).fill("days");
		await choose("present");
		await byHand.getByLabel("Column 1 of member").selectOption("id");
		await byHand.getByLabel("Column 1 of present").selectOption("member_id");
		await button("Further columns").click();
		await button("Remove pair 2").click();
		await button("Add relationship").click();
		await row("days").waitFor();
		assert.deepEqual(await list("member", "array"), [{ name: "days", using: { manual_configuration: {
			column_mapping: { id: "member_id" }, insertion_order: null, remote_table: { schema: "public", name: "present" } } } }]);
	});
	await step("a name that is taken is refused, and nothing of the form is lost", async () => {
		visit.allow(/status of 400/);
		await byHand.getByLabel("Name", { exact: true }).fill("days");
		await byHand.getByLabel("Column 1 of member").selectOption("id");
		await byHand.getByLabel("Column 1 of present").selectOption("member_id");
		await button("Add relationship").click();
		await page.getByText("Not added").waitFor();
		assert.equal(await byHand.getByLabel("Name", { exact: true }).inputValue(), "days");
		visit.allowed.pop();
	});
	await step("renamed, with the rules that use it", async () => {
		await ask("permit", { table: "member", rule: { desk: { room: { _eq: 1 } } } });
		await button("Rename desk").click();
		await page.getByLabel("New name of desk").fill("other");
		await page.keyboard.press("Escape");
		await button("Rename desk").click();
		await page.getByLabel("New name of desk").fill("never");
		await page.getByRole("heading", { level: 1 }).click();
		await page.getByLabel("New name of desk").waitFor({ state: "detached" });
		assert.deepEqual((await list("member", "object")).map((r) => r.name), ["desk"]);
		await button("Rename desk").click();
		await page.getByLabel("New name of desk").fill("chair");
		await page.keyboard.press("Enter");
		await row("chair").waitFor();
		assert.deepEqual((await list("member", "object")).map((r) => r.name), ["chair"]);
		assert.deepEqual((await ask("rule", { table: "member" })).filter, { chair: { room: { _eq: 1 } } });
	});
	await step("deleted, after a question", async () => {
		await button("Delete days").click();
		await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
		assert.equal((await list("member", "array")).length, 1);
		await button("Delete days").click();
		await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
		await row("days").waitFor({ state: "detached" });
		assert.deepEqual(await list("member", "array"), []);
	});
	await step("what a rule uses is deleted with it, or not at all", async () => {
		visit.allow(/status of 400/);
		await button("Delete chair").click();
		await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
		const question = page.getByRole("dialog", { name: "Delete what uses chair, too?" });
		await question.getByText(/member.*reader/).waitFor();
		await question.getByRole("button", { name: "Delete all of it" }).click();
		await row("chair").waitFor({ state: "detached" });
		assert.deepEqual(await list("member", "object"), []);
		assert.equal((await ask("rule", { table: "member" })).filter, null);
	});
	await step("the suggested one of the other table", async () => {
		await go("seat");
		await page.getByText("None yet").waitFor();
		await button("Add room to seat").or(button("Add hall to seat")).first().click();
		await page.getByText("foreign key", { exact: true }).waitFor();
		assert.deepEqual((await list("seat", "object")).map((r) => r.using), [{ foreign_key_constraint_on: "room" }]);
	});
});
