// `weir console` of a project: a schema change is a migration, the switch of Data › Migrations, imports reach the files.
import { ask, assert, checkAccessibility, story } from "./lib/start.mjs";

const main = (page) => page.getByRole("main");

await story("settings-project", async ({ visit, page, step }) => {
	const editor = () => main(page).getByLabel("SQL", { exact: true });
	const write = async (text) => {
		await editor().click();
		await page.keyboard.press("Control+a");
		await page.keyboard.insertText(text);
	};
	const status = (text) => main(page).getByRole("status").filter({ hasText: text }).first().waitFor();

	await page.goto(process.env.WEIR_ADDRESS);
	await page.getByRole("navigation", { name: "Sections" }).waitFor();
	await page.getByText("project files").waitFor();

	await step("the server's name and colour; a colour that is none is told", async () => {
		await page.getByRole("banner").getByText("live", { exact: true }).waitFor();
		await visit.visit("/settings/about");
		await main(page).getByText("live; its colour, rett, is none the browser knows").waitFor();
	});

	await step("the project's first migration", async () => {
		await visit.visit("/data/migrations");
		await main(page).getByRole("row").filter({ hasText: "init" }).getByText("applied", { exact: true }).waitFor();
		assert.ok(await main(page).getByLabel("Allow Postgres schema changes via console").isChecked());
	});

	await step("a change of the schema is proposed as a migration, with its way back", async () => {
		await visit.visit("/data/sql");
		await write("create table note (id int primary key, t text);");
		await main(page).getByLabel("Read only").uncheck();
		await main(page).getByLabel("Name of the migration").waitFor();
		assert.equal(await main(page).getByLabel("Name of the migration").inputValue(), "create_table_note");
		assert.equal(await main(page).getByLabel("Way back (down.sql)").inputValue(), 'DROP TABLE "public"."note";');
		await main(page).getByLabel("Name of the migration").fill("notes");
		await checkAccessibility(page, "a migration");
		await main(page).getByRole("button", { name: "Run and write migration" }).click();
		await status("Tracked note");
		const files = await ask("files");
		const folder = files.migrations.find((f) => f.endsWith("_notes"));
		assert.ok(folder, JSON.stringify(files));
		assert.equal(files.text[`${folder}/up.sql`], "create table note (id int primary key, t text);\n");
		assert.equal(files.text[`${folder}/down.sql`], 'DROP TABLE "public"."note";\n');
		assert.ok(files.metadata.includes("public_note.yaml"), "the metadata's files follow");
	});

	await step("a refused migration leaves no file, and its error has a place", async () => {
		visit.allow(/400/);
		await write("create table other (id int); selct 1");
		await main(page).getByRole("button", { name: "Run and write migration" }).click();
		await main(page).getByRole("alert").filter({ hasText: "syntax error" }).waitFor();
		assert.equal(await main(page).locator(".cm-lintRange-error").textContent(), "selct");
		assert.equal((await ask("files")).migrations.length, 2);
	});

	await step("not as a migration: it is said", async () => {
		await write("comment on table note is 'of the author'");
		await main(page).getByLabel("This is a migration").uncheck();
		await main(page).getByText("is not written as a migration").waitFor();
		await main(page).getByRole("button", { name: "Run", exact: true }).click();
		await status("Done");
		assert.equal((await ask("files")).migrations.length, 2);
	});

	await step("the list", async () => {
		await visit.visit("/data/migrations");
		const row = main(page).getByRole("row").filter({ hasText: "notes" });
		await row.getByText("applied", { exact: true }).waitFor();
		await checkAccessibility(page, "migrations");
	});

	await step("schema changes are switched off, and that is said before a statement", async () => {
		await main(page).getByLabel("Allow Postgres schema changes via console").click();
		await page.getByText("Schema changes via the console are off.").first().waitFor();
		await visit.visit("/data/sql");
		await write("create table late (id int)");
		await main(page).getByText("switched off for this project").waitFor();
		assert.equal(await main(page).getByText("This is a migration", { exact: true }).count(), 0);
		await visit.visit("/data/migrations");
		await main(page).getByLabel("Allow Postgres schema changes via console").click();
		await page.getByText("Schema changes become migrations.").first().waitFor();
	});

	await step("an import reaches the files", async () => {
		await visit.visit("/settings/metadata-actions");
		const { metadata } = await ask("exported");
		const table = metadata.sources[0].tables.find((t) => t.table.name === "author");
		table.select_permissions = [{ role: "reader", permission: { columns: ["id"], filter: {} } }];
		await main(page).getByRole("button", { name: "Paste text" }).click();
		await main(page).getByLabel("Metadata, JSON or YAML").fill(JSON.stringify(metadata));
		await main(page).getByRole("button", { name: "Show the difference" }).click();
		await main(page).getByText("select permission author, role reader").waitFor();
		await main(page).getByRole("button", { name: "Apply" }).click();
		await page.getByText("Imported.").first().waitFor();
		assert.match((await ask("files")).author, /role: reader/);
	});
});
