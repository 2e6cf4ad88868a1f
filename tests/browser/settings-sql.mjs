// Data › SQL: running, rows, errors with their place, plans, what is tracked, dangers, stopping; 100,000 rows.
import { readFileSync } from "node:fs";
import { ask, assert, checkAccessibility, story } from "./lib/start.mjs";

const main = (page) => page.getByRole("main");

await story("settings-sql", async ({ visit, page, step }) => {
	const editor = () => main(page).getByLabel("SQL", { exact: true });
	const write = async (text) => {
		await editor().click();
		await page.keyboard.press("Control+a");
		await page.keyboard.insertText(text);
	};
	const run = () => page.keyboard.press("Control+Enter");
	const status = (text) => main(page).getByRole("status").filter({ hasText: text }).first().waitFor();

	await visit.go("/data/sql");
	await visit.login();
	await main(page).getByRole("heading", { name: "SQL" }).waitFor();

	await step("rows", async () => {
		await write("select id, name, null as nothing, 'NULL' as word from author order by id");
		await run();
		await status("3 rows");
		const grid = page.getByRole("grid", { name: "Result" });
		assert.deepEqual(await grid.getByRole("columnheader").allTextContents(), ["Row", "id", "name", "nothing", "word"]);
		assert.deepEqual(await grid.getByRole("row").nth(1).getByRole("gridcell").allTextContents(), ["1", "Ann", "NULL", "NULL"]);
		await checkAccessibility(page, "a result");
	});

	await step("cells by keyboard, to the clipboard", async () => {
		await page.getByRole("gridcell", { name: "Ann" }).click();
		await page.keyboard.press("Shift+ArrowDown");
		await page.keyboard.press("Shift+ArrowRight");
		await page.keyboard.press("Control+c");
		await page.getByText("Copied 2 rows").first().waitFor();
		assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "Ann\t\nBen\t");
	});

	await step("CSV", async () => {
		const waiting = page.waitForEvent("download");
		await main(page).getByRole("button", { name: "CSV" }).click();
		const text = readFileSync(await (await waiting).path(), "utf8");
		assert.equal(text.split("\r\n")[1], "1,Ann,,NULL");
	});

	await step("only what is chosen runs", async () => {
		await write("select 1 as one;\nselect 2 as two");
		await page.keyboard.press("Shift+Home");
		await run();
		await page.getByRole("columnheader", { name: "two" }).waitFor();
		await status("1 row");
	});

	await step("an error is marked where it is", async () => {
		visit.allow(/400/);
		await write("select 'é', 1;\nselect nope from author");
		await run();
		await main(page).getByRole("alert").filter({ hasText: 'column "nope" does not exist' }).waitFor();
		assert.equal(await main(page).locator(".cm-lintRange-error").textContent(), "nope");
	});

	await step("completion from the catalog", async () => {
		await write("select n from author a where a.");
		await page.keyboard.type("na");
		await page.getByRole("option", { name: /^name/ }).waitFor();
		await page.keyboard.press("Escape");
	});

	await step("the plan", async () => {
		await write("select * from author where id = 1");
		await page.keyboard.press("Control+Shift+Enter");
		await status("Plan, cost");
		await main(page).getByRole("button", { name: "Explain" }).click();
		await page.getByRole("menuitem", { name: /ANALYZE/ }).click();
		await status("Execution Time");
	});

	await step("read only at first", async () => {
		await write("create table note (id int primary key)");
		await main(page).getByText("the database will refuse it").waitFor();
		await run();
		await main(page).getByRole("alert").filter({ hasText: "read-only transaction" }).waitFor();
		await main(page).getByRole("button", { name: "Switch read only off" }).click();
	});

	await step("what will be tracked is said, and tracked", async () => {
		await main(page).getByText("Tracked when it has run: table note.").waitFor();
		await main(page).getByText("This changes the schema").waitFor();
		await editor().click();
		await run();
		await status("Tracked note");
		assert.ok((await ask("tracked")).names.includes("note"));
		await main(page).getByText("Tracked already: table note").waitFor();
	});

	await step("what cannot be taken back is asked for", async () => {
		await write("drop table note");
		await run();
		const dialog = page.getByRole("dialog", { name: "Run it?" });
		await dialog.getByText("It drops table note.").waitFor();
		await dialog.getByRole("button", { name: "Cancel" }).click();
		await dialog.waitFor({ state: "detached" });
		assert.ok((await ask("tracked")).names.includes("note"));
		await editor().click();
		await run();
		await page.getByRole("dialog").getByRole("button", { name: "Run" }).click();
		await status("Done");
		assert.ok(!(await ask("tracked")).names.includes("note"), "the metadata follows");
	});

	await step("a statement that runs is stopped in the database", async () => {
		await write("select pg_sleep(600)");
		await run();
		await status("Running…");
		while (!(await ask("asleep")).count) await page.waitForTimeout(100);
		await main(page).getByRole("button", { name: "Stop" }).click();
		await main(page).getByRole("alert").filter({ hasText: "canceling statement due to user request" }).waitFor();
	});

	await step("the time limit", async () => {
		await main(page).getByLabel("Time limit").selectOption({ label: "5 s limit" });
		await editor().click();
		await run();
		await main(page).getByRole("alert").filter({ hasText: "statement timeout" }).waitFor();
	});

	await step("many rows come in part, and all of them do not stop the page", async () => {
		await write("select i, 'row ' || i as t, repeat('x', 50) as x from generate_series(1, 100000) i");
		await run();
		await status("The first 10,000 rows");
		await main(page).getByRole("button", { name: "There are more: fetch all" }).click();
		await status("100,000 rows");
		await page.getByRole("gridcell", { name: "row 1", exact: true }).click();
		const from = performance.now();
		await page.keyboard.press("Control+End");
		await page.getByText("row 100000").waitFor();
		console.log(`to the end of 100,000 rows: ${(performance.now() - from).toFixed(0)} ms`);
		assert.ok((await page.getByRole("gridcell").count()) < 300, "only what is in sight is in the page");
	});

	await step("the history is kept, read only is on again", async () => {
		await page.reload();
		await main(page).getByRole("heading", { name: "SQL" }).waitFor();
		assert.ok(await main(page).getByLabel("Read only").isChecked());
		await main(page).getByRole("button", { name: "History" }).click();
		await page.getByLabel("Find a statement").fill("nothing author");
		await page.getByRole("complementary", { name: "History" }).getByRole("button", { name: /^select id, name/ }).click();
		assert.match(await editor().innerText(), /^select id, name, null as nothing/);
	});
});
