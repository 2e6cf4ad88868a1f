// Settings: export, import with a difference and with a conflict, inconsistencies and their remedies, reload, reset, inherited
// roles, about, log out; Data › Migrations of a server.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, assert, checkAccessibility, results, scheme, settled, story } from "./lib/start.mjs";

const main = (page) => page.getByRole("main");
const said = (page, text) => page.locator(".mantine-Notification-root").filter({ hasText: text }).first().waitFor();

async function typeAndConfirm(page, word, action) {
	const dialog = page.getByRole("dialog");
	assert.ok(await dialog.getByRole("button", { name: action }).isDisabled(), "it can be confirmed before the word is typed");
	await dialog.getByRole("textbox").fill(word);
	await dialog.getByRole("button", { name: action }).click();
}

await story("settings", async ({ visit, page, step }) => {
	let exported;
	await visit.go("/settings");
	await step("the environment has a name and a colour, before one enters and after", async () => {
		await page.getByText("staging", { exact: true }).waitFor();
		await visit.login();
		await page.getByRole("banner").getByText("staging", { exact: true }).waitFor();
		assert.equal(await page.getByRole("banner").evaluate((e) => getComputedStyle(e).borderTopColor), "rgb(201, 42, 42)");
		await page.waitForFunction(() => / · staging · Weir$/.test(document.title));
		await checkAccessibility(page, "the top bar with a name");
	});

	await step("export", async () => {
		await page.waitForURL(/\/settings\/metadata-actions$/);
		const waiting = page.waitForEvent("download");
		await main(page).getByRole("button", { name: "Export as JSON" }).click();
		const file = await waiting;
		assert.match(file.suggestedFilename(), /^metadata_.*\.json$/);
		exported = JSON.parse(readFileSync(await file.path(), "utf8"));
		assert.ok(exported.resource_version > 0 && exported.metadata.sources[0].tables.length > 1);
	});

	const choose = async (name, value) => {
		const path = join(results, name);
		writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
		await main(page).locator('input[type="file"]').setInputFiles(path);
	};

	await step("a file that is none", async () => {
		await choose("wrong.json", "[1, 2]");
		await main(page).getByRole("alert").filter({ hasText: "not a metadata document" }).waitFor();
	});

	await step("the difference before an import", async () => {
		const changed = structuredClone(exported);
		const table = changed.metadata.sources[0].tables.find((t) => t.table.name === "author");
		table.select_permissions = [{ role: "reader", permission: { columns: ["id"], filter: {} } }];
		await choose("changed.json", changed);
		await main(page).getByText("1 added", { exact: true }).waitFor();
		await main(page).getByText("select permission author, role reader").waitFor();
		await main(page).locator(".cm-insertedLine, .cm-changedLine").filter({ hasText: "reader" }).first().waitFor();
		await checkAccessibility(page, "the difference");
		await main(page).getByText("Side by side").click();
		await main(page).locator(".cm-merge-b").filter({ hasText: "reader" }).waitFor();
		await main(page).getByText("JSON", { exact: true }).click();
		await main(page).locator(".cm-merge-b").filter({ hasText: '"reader"' }).waitFor();
		assert.equal((await ask("permissions", { table: "author" })).roles.length, 0, "nothing is applied before Apply");
	});

	await step("somebody was quicker", async () => {
		await ask("permit", { table: "article", role: "other" });
		visit.allow(/409/);
		await main(page).getByRole("button", { name: "Apply" }).click();
		const alert = main(page).getByRole("alert").filter({ hasText: "Somebody changed the metadata meanwhile" });
		await alert.getByText("select permission article, role other").waitFor();
		assert.deepEqual((await ask("permissions", { table: "author" })).roles, [], "the change of another was not overwritten unseen");
		await main(page).getByText("1 added, 1 removed").waitFor();
		await main(page).getByRole("button", { name: "Apply" }).click();
		await said(page, "Imported.");
		assert.deepEqual((await ask("permissions", { table: "author" })).roles, ["reader"]);
	});

	await step("an import that would be inconsistent", async () => {
		const bad = structuredClone(exported);
		bad.metadata.sources[0].tables.push({ table: { schema: "public", name: "gone" } });
		bad.metadata.sources[0].tables[0].select_permissions = [{ role: "x", permission: { columns: ["nope"], filter: {} } }];
		await choose("bad.json", bad);
		visit.allow(/400/);
		await main(page).getByRole("button", { name: "Apply" }).click();
		await main(page).getByRole("alert").filter({ hasText: "Table gone" }).waitFor();
		await main(page).getByLabel("Apply although objects are inconsistent").check();
		await main(page).getByRole("button", { name: "Apply" }).click();
		await said(page, "2 inconsistent objects");
	});

	await step("what is inconsistent, why, and what to do", async () => {
		await page.getByRole("banner").getByRole("link", { name: /2 inconsistent/ }).click();
		const gone = main(page).getByRole("article", { name: "Table gone" });
		await gone.getByText("no such table/view exists").waitFor();
		await gone.getByText("It was dropped or renamed in the database").waitFor();
		await checkAccessibility(page, "inconsistent objects");
		if (process.env.WEIR_SHOTS) await visit.shot(`settings-status-${scheme}`);
		await ask("create", { table: "gone" });
		await gone.getByRole("button", { name: /^Reload default/ }).click();
		await gone.waitFor({ state: "detached" });
		const permission = main(page).getByRole("article", { name: /Select permission of role x/ });
		await permission.getByRole("button", { name: /^Drop/ }).click();
		await page.getByRole("dialog").getByRole("button", { name: "Drop" }).click();
		await main(page).getByText("The metadata is consistent").waitFor();
		await page.getByRole("banner").getByRole("link", { name: /inconsistent/ }).waitFor({ state: "detached" });
	});

	await step("drop all that is inconsistent", async () => {
		await ask("drop", { table: "gone" });
		await main(page).getByRole("button", { name: "Reload metadata" }).click();
		await main(page).getByRole("article", { name: "Table gone" }).waitFor();
		await main(page).getByRole("button", { name: "Drop all inconsistent" }).click();
		await typeAndConfirm(page, "drop", "Drop all");
		await main(page).getByText("The metadata is consistent").waitFor();
	});

	await step("inherited roles", async () => {
		await ask("permit", { table: "author", role: "reader" });
		await visit.go("/settings/inherited-roles");
		await main(page).getByLabel("New role").fill("both");
		await main(page).getByRole("combobox", { name: "Made of" }).or(main(page).getByLabel("Made of")).first().click();
		await page.getByRole("option", { name: "reader" }).click();
		await page.keyboard.press("Escape");
		await main(page).getByRole("button", { name: "Add" }).click();
		await main(page).getByRole("cell", { name: "both", exact: true }).waitFor();
		assert.deepEqual((await ask("inherited")).roles, [{ role_name: "both", role_set: ["reader"] }]);
		await main(page).getByRole("button", { name: "Delete both" }).click();
		await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
		await main(page).getByText("No inherited roles yet").waitFor();
	});

	await step("every page is in the palette", async () => {
		for (const [words, path, title] of [
			["live quer", "/api/live", "Live queries"],
			["migrations", "/data/migrations", "Migrations"],
			["sql", "/data/sql", "SQL"],
			["about", "/settings/about", "About Weir"],
			["status", "/settings/metadata-status", "Metadata status"],
			["import", "/settings/metadata-actions", "Metadata"],
		]) {
			await page.keyboard.press("Control+k");
			await page.getByLabel("Search for tables, pages and actions").fill(words);
			await page.keyboard.press("Enter");
			await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
			assert.ok(page.url().endsWith(path), page.url());
		}
	});

	await step("keys", async () => {
		await page.locator("body").click({ position: { x: 640, y: 790 } });
		await page.keyboard.press("?");
		await page.getByRole("dialog", { name: "Keyboard" }).getByText("Go to Settings").waitFor();
		await page.keyboard.press("Escape");
		await page.getByRole("dialog").waitFor({ state: "detached" });
		await page.keyboard.press("g");
		await page.keyboard.press("d");
		await page.waitForURL(/\/data\//);
	});

	await step("migrations and live queries say why they are not here", async () => {
		await visit.visit("/data/migrations");
		await main(page).getByText("this console is the server's own").waitFor();
		await visit.visit("/api/live");
		await main(page).getByText("The developer API is off").waitFor();
	});

	await step("reset", async () => {
		await visit.visit("/settings/metadata-actions");
		await main(page).getByLabel("Export it as JSON first").uncheck();
		await main(page).getByRole("button", { name: "Reset metadata" }).click();
		await typeAndConfirm(page, "reset", "Reset");
		await said(page, "The metadata is empty");
		assert.equal((await ask("tracked")).count, 0);
	});

	await step("log out", async () => {
		await visit.visit("/settings/logout");
		await main(page).getByRole("button", { name: "Log out" }).click();
		await page.getByLabel("Admin secret").waitFor();
		const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
		assert.ok(!kept.includes(process.env.WEIR_SECRET), "the secret is still in the browser");
		await settled(page);
	});
});
