// Scenarios of the console's rows, played in Chromium against the tables of tests/api/test_console_browse.py.
// `node browse.mjs NAME` plays one, `--list` names them.
import { readFileSync } from "node:fs";
import { assert, axeSource, cell, keys, openRows, sql, tablePath, texts, until, withPage } from "./browse-tools.mjs";

const place = (page) => new URL(page.url()).searchParams;
const rowCount = (page) => page.locator('[role=grid] [role=row]').count();
const column = (page, name) => texts(page.locator(`[role=gridcell][data-column=${JSON.stringify(name)}]`));
const heading = (page, name) => page.getByRole("columnheader", { name: new RegExp(`^${name}, `) });
const choose = (page, name) => page.getByRole("menuitem", { name, exact: true }).click();
const save = (page) => page.getByRole("button", { name: "Save", exact: true }).click();
const saved = (page) => page.getByText(/changes? in .* (was|were) saved/).waitFor();
const bulks = (page) => {
	const found = [];
	page.on("request", (r) => {
		if (r.method() === "POST" && r.url().endsWith("/v2/query") && !/run_sql/.test(r.postData() ?? "")) found.push(r.postData());
	});
	return found;
};

/** Types into the editor of a cell. */
async function edit(page, row, name, text) {
	await cell(page, row, name).click({ position: { x: 60, y: 5 } });
	await page.keyboard.press("F2");
	const input = cell(page, row, name).locator("input, select").first();
	await input.waitFor();
	if ((await input.evaluate((e) => e.tagName)) === "SELECT") await input.selectOption(text);
	else await input.fill(text);
	await input.press("Enter");
}

const scenarios = {
	async many_rows(page) {
		const grid = await openRows(page, "article", "?limit=5000");
		assert.ok((await rowCount(page)) < 70);
		await cell(page, 1, "id").click();
		let most = 0;
		await until(async () => {
			await keys(page, "Control+ArrowDown");
			most = Math.max(most, await rowCount(page));
			return (await grid.locator('[aria-rowindex="12001"]').count()) === 1;
		}, "row 12000 in the grid", 20000);
		assert.ok(most < 90, `${most} rows in the page`);
		assert.deepEqual(await column(page, "id").then((c) => c.at(-1)), "12000");
		await page.getByText("Rows 1–12,000").waitFor();
		await page.getByText("of 12,000", { exact: true }).waitFor();
		assert.equal(await grid.getAttribute("aria-rowcount"), "12001");
		await keys(page, "Control+ArrowUp", "PageDown", "PageDown");
		assert.ok((await grid.getAttribute("aria-activedescendant")).match(/-\d\d-0$/));
	},

	async pages(page) {
		await openRows(page, "article", "?limit=50&offset=100");
		await page.getByText(/^Rows 101–/).waitFor();
		assert.equal((await column(page, "id"))[0], "101");
		await page.getByRole("button", { name: "Earlier rows" }).click();
		await page.getByText(/^Rows 51–/).waitFor();
		assert.equal(place(page).get("offset"), "50");
		await page.getByLabel("Rows at once").selectOption("250");
		await page.getByText(/^Rows 51–300/).waitFor();
		await openRows(page, "author");
		assert.equal(await page.getByLabel("Rows at once").inputValue(), "250");
	},

	async address(page) {
		await openRows(page, "article", "?filter=title%3B%24like%3BTitle+119%25&filter=published%3B%24eq%3Btrue&sort=author_id%3Bdesc&sort=id%3Bdesc");
		const ids = (await column(page, "id")).map(Number);
		assert.equal(ids[0], 11996);
		assert.ok(ids.every((id) => id % 2 === 0 && /^119/.test(String(id))));
		assert.equal(await heading(page, "author_id").getAttribute("aria-sort"), "descending");
		await page.getByLabel("Value for title").fill("Title 7");
		await page.getByLabel("Comparison of title").selectOption("$eq");
		await page.getByText("No rows").waitFor();
		assert.deepEqual(place(page).getAll("filter"), ["title;$eq;Title 7", "published;$eq;true"]);
		await page.getByRole("button", { name: "Remove the condition on published" }).click();
		await until(async () => (await column(page, "id")).join() === "7", "row 7");
		await page.goBack();
		await page.getByText("No rows").waitFor();
		await page.getByRole("button", { name: "Clear", exact: true }).click();
		await page.getByText("Rows 1–100").waitFor();
		assert.equal(page.url().includes("?"), false);
		// A column of texts is chosen: nothing is looked for before something was entered, be it the empty text.
		await page.getByRole("button", { name: "Condition", exact: true }).click();
		await page.getByLabel("Column of the condition").selectOption("title");
		await page.getByLabel("Value for title").focus();
		await page.getByLabel("Comparison of title").selectOption("$ne");
		await page.getByLabel("Comparison of title").selectOption("$eq");
		await page.getByText("Rows 1–100").waitFor();
		assert.equal(page.url().includes("?"), false);
		await page.getByLabel("Value for title").press("Enter");
		await page.getByText("No rows").waitFor();
		await page.getByLabel("Comparison of title").focus();
		assert.deepEqual(place(page).getAll("filter"), ["title;$eq;"]);
	},

	async operators(page) {
		const t = "everything", a = "article";
		const wanted = [
			[t, "id;$eq;9007199254740993", 1], [t, "id;$gt;4", 1], [t, "id;$in;1, 2", 2], [t, "id;$nin;[1,2]", 3], [t, "num;$gte;12345678901234567890.123456789", 1],
			[t, "t;$eq;", 1], [t, "t;$includes;=1", 1], [t, "t;$is_null;true", 0], [t, "vc;$is_null;false", 1], [t, "t;$regex;^-", 1], [t, "t;$nlike;%-%", 4],
			[t, "t;$similar;(=|-)%", 2], [t, "t;$iregex;É", 1], [t, "flag;$ne;false", 1], [t, "d;$lt;2027-01-01", 1], [t, "tsz;$lte;2026-02-03 04:05:06+00", 1],
			[t, "u;$eq;a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", 1], [t, "m;$gte;glad", 1], [t, "jb;$contains;{\"big\": 9007199254740993}", 1],
			[t, "jb;$has_key;n", 1], [t, "jb;$has_keys_any;x, n", 1], [t, "jb;$has_keys_all;x, n", 0], [t, "j;$includes;1.0", 1],
			[t, "ints;$contains;{3}", 1], [t, "texts;$contained_in;{\"a b\",c,d}", 1], [t, "b;$eq;\\x00ff", 1], [t, "ip;$includes;10.0", 1],
			[t, "small col;$eq;1", 1], [a, "title;$ilike;TITLE 1200_", 1], [a, "tags;$contains;{t77}", 1], [a, "id;_eq;5", 1], [a, "id;$neq;5", 11999],
		];
		for (const [table, filter, n] of wanted) {
			await openRows(page, table, `?limit=50&filter=${encodeURIComponent(filter)}`, { empty: true });
			if (n > 50) {
				await page.getByRole("button", { name: "Count" }).click();
				await page.getByText(`of ${n.toLocaleString("en")}`, { exact: true }).waitFor();
			} else await page.getByText(n ? `Rows 1–${n}` : "No rows", { exact: true }).waitFor();
		}
		await openRows(page, a, "?limit=50&filter=id%3B%24eq%3B-1", { empty: true });
		await page.getByText("No row fits the condition").waitFor();
		await page.getByRole("button", { name: "Show all rows" }).click();
		await page.getByText("Rows 1–50", { exact: true }).waitFor();
		await openRows(page, a, "?limit=50&offset=50000", { empty: true });
		await page.getByText("There are no rows from 50,001 on").waitFor();
		await page.goto(`${tablePath(a)}?filter=id%3B%24eq%3Babc`);
		await page.getByText(/invalid input syntax for type integer: "abc"/).first().waitFor();
		await page.goto(`${tablePath(a)}?filter=nope%3B%24eq%3B1`);
		await page.getByText(/names a column that is not there: nope/).waitFor();
	},

	async order(page) {
		await openRows(page, "article", "?limit=50");
		await heading(page, "status").getByRole("button", { name: /^status/ }).click();
		await until(async () => (await column(page, "status"))[0] === "draft", "draft first");
		await heading(page, "id").getByRole("button", { name: /^id/ }).click({ modifiers: ["Shift"] });
		await heading(page, "id").getByRole("button", { name: /^id/ }).click({ modifiers: ["Shift"] });
		await until(async () => (await column(page, "id"))[0] === "11999", "then by id, descending");
		assert.deepEqual(place(page).getAll("sort"), ["status;asc", "id;desc"]);
		await cell(page, 1, "id").click();
		await keys(page, "ArrowUp", "Enter");
		await until(async () => place(page).getAll("sort").length === 0, "no order: third press");
	},

	async count(page) {
		await openRows(page, "article", "?limit=50");
		await page.getByText("of about 12,000").waitFor();
		await page.getByRole("button", { name: "Count" }).click();
		await page.getByText("of 12,000", { exact: true }).waitFor();
		await openRows(page, "article", "?limit=50&filter=published%3B%24eq%3Btrue");
		const about = async () => Number((await page.getByText(/of about [\d,]+/).innerText()).replace(/\D/g, ""));
		await until(async () => Math.abs((await about()) - 6000) < 1500, "the estimate is that of the filter");
	},

	async layout(page) {
		await openRows(page, "article", "?limit=50");
		const order = () => page.getByRole("columnheader").evaluateAll((all) => all.map((e) => e.getAttribute("aria-label")?.split(",")[0]).filter(Boolean));
		await page.getByRole("button", { name: "Menu of published" }).click();
		await choose(page, "Pin to the left");
		await until(async () => (await order())[0] === "published", "pinned first");
		await page.getByRole("button", { name: "Menu of title" }).click();
		await choose(page, "Hide");
		await until(async () => !(await order()).includes("title"), "title is hidden");
		await cell(page, 1, "status").click();
		await keys(page, "ArrowUp", "Alt+ArrowLeft", "Alt+Shift+ArrowRight", "Alt+Shift+ArrowRight");
		await until(async () => (await order()).indexOf("status") < (await order()).indexOf("author_id"), "status moved to the left");
		const width = async () => (await heading(page, "status").boundingBox()).width;
		const before = await width();
		const box = await heading(page, "status").boundingBox();
		await page.mouse.move(box.x + box.width, box.y + 20);
		await page.mouse.down();
		await page.mouse.move(box.x + box.width + 75, box.y + 20, { steps: 5 });
		await page.mouse.up();
		assert.ok(Math.abs((await width()) - before - 75) < 3, `${await width()} after ${before}`);
		const seen = await order();
		await page.reload();
		await until(async () => (await order()).join() === seen.join(), "the same after a reload");
		assert.ok(Math.abs((await width()) - before - 75) < 3);
		await heading(page, "score").dragTo(heading(page, "id"));
		await until(async () => (await order()).indexOf("score") < (await order()).indexOf("id"), "score was dragged before id");
		await page.getByRole("button", { name: /^Columns/ }).click();
		await page.getByRole("button", { name: "As it was at first" }).click();
		await until(async () => (await order()).slice(0, 2).join() === "id,title", "as at first");
	},

	async links(page) {
		await openRows(page, "article", "?limit=50");
		await cell(page, 2, "author_id").getByRole("link", { name: "3 Cid" }).click();
		await until(async () => place(page).get("filter") === "id;$eq;3" && page.url().includes("/tables/author/"), "the author");
		await until(async () => (await column(page, "name")).join() === "Cid", "Cid alone");
		await cell(page, 1, "→ articles").getByRole("link").click();
		await until(async () => place(page).get("filter") === "author_id;$eq;3", "articles of Cid");
		await page.getByText(/^Rows 1–/).waitFor();
		await until(async () => (await column(page, "author_id")).every((v) => /^3\s*Cid$/.test(v)), "of Cid only");
		await openRows(page, "author");
		await cell(page, 1, "id").click();
		await keys(page, "Alt+m");
		await page.getByRole("menuitem", { name: "articles" }).getByText("1000+").waitFor();
		await page.getByRole("menuitem", { name: /^other.far.author_id/ }).getByText("2").waitFor();
		await choose(page, /^other.far.author_id/);
		await page.getByText("Rows 1–2").waitFor();
		assert.ok(page.url().includes("/schema/other/tables/far/"));
		await openRows(page, "badge");
		await cell(page, 1, "person").click({ position: { x: 70, y: 5 } });
		await keys(page, "Control+Enter");
		await page.getByRole("grid", { name: "Rows of member" }).waitFor();
		await until(async () => (await column(page, "person")).join() === "2", "the one member of the two columns");
	},

	async cells(page) {
		await openRows(page, "everything");
		assert.equal((await column(page, "id")).at(-1), "9007199254740993");
		assert.equal(await cell(page, 5, "big").innerText(), "9223372036854775807");
		assert.equal(await cell(page, 5, "num").innerText(), "12345678901234567890.123456789");
		await cell(page, 1, "id").click();
		for (let i = 0; i < 11; i++) await keys(page, "ArrowRight");
		assert.equal(await cell(page, 1, "t").innerText(), "empty");
		assert.equal(await cell(page, 1, "vc").innerText(), "NULL");
		await cell(page, 4, "t").getByRole("button", { name: /5,000 characters/ }).click();
		const whole = page.getByRole("dialog").getByRole("textbox");
		await whole.waitFor();
		assert.equal(await whole.inputValue(), "é".repeat(5000));
		await whole.fill("short");
		await keys(page, "Control+Enter");
		await until(async () => (await cell(page, 4, "t").locator("ins").innerText()) === "short", "staged");
		await page.getByRole("button", { name: "Discard" }).click();
		await cell(page, 5, "t").click();
		for (let i = 0; i < 11; i++) await keys(page, "ArrowRight");
		await cell(page, 5, "jb").click();
		await keys(page, "Enter");
		const editor = page.getByRole("dialog").locator(".cm-content");
		await until(async () => /"n": null,\s+"big": 9007199254740993/.test(await editor.innerText()), "JSON laid out");
		await editor.click();
		await keys(page, "Control+A");
		await page.keyboard.insertText('{"big": 9007199254740995');
		await page.getByText(/not valid JSON/).waitFor();
		assert.ok(await page.getByRole("button", { name: "Keep the change" }).isDisabled());
		await page.keyboard.insertText("}");
		await keys(page, "Control+Enter");
		await keys(page, "Control+s");
		await saved(page);
		assert.deepEqual(await sql("select jb->>'big' from everything where id > 100"), [["9007199254740995"]]);
	},

	async edits(page) {
		const sent = bulks(page);
		await openRows(page, "article", "?limit=50");
		await edit(page, 1, "title", "New title");
		await edit(page, 2, "published", "false");
		await edit(page, 2, "score", "9999999999.99");
		await edit(page, 1, "status", "gone");
		await edit(page, 3, "body", "");
		await edit(page, 3, "author_id", "2");
		await page.getByText("6 changes in 3 rows").waitFor();
		assert.equal(await cell(page, 1, "title").locator("del").innerText(), "Title 1");
		assert.equal(await cell(page, 1, "title").locator("ins").innerText(), "New title");
		await cell(page, 4, "score").click();
		await keys(page, "Delete");
		await page.getByText("7 changes in 4 rows").waitFor();
		await keys(page, "Control+z", "Control+z");
		await page.getByText("5 changes in 3 rows").waitFor();
		await keys(page, "Control+Shift+z");
		await page.getByText("6 changes in 3 rows").waitFor();
		await edit(page, 1, "status", "draft");
		await page.getByText("5 changes in 3 rows").waitFor();
		await keys(page, "Control+z");
		await page.getByText("6 changes in 3 rows").waitFor();
		assert.deepEqual(sent, []);
		await page.getByRole("navigation", { name: "Table" }).getByText("Permissions").click();
		await page.getByRole("navigation", { name: "Table" }).getByText("Browse rows").click();
		await page.getByText("6 changes in 3 rows").waitFor();
		await cell(page, 3, "id").click();
		await keys(page, "Control+s");
		await saved(page);
		assert.equal(sent.length, 1);
		assert.equal(JSON.parse(sent[0]).type, "bulk_atomic");
		assert.deepEqual(await sql("select id, title, published, score, status, body, author_id from article where id <= 4 order by id"), [
			["1", "New title", "f", "0.25", "gone", "Body of 1", "2"], ["2", "Title 2", "f", "9999999999.99", "public", "Body of 2", "3"],
			["3", "Title 3", "f", "0.75", "draft", "", "2"], ["4", "Title 4", "t", "1.00", "public", "Body of 4", "2"]]);
		assert.equal(await cell(page, 1, "title").innerText(), "New title");
		assert.equal(await page.locator("ins").count(), 0);
	},

	async default_and_discard(page) {
		await openRows(page, "article", "?limit=50&filter=status%3B%24eq%3Bpublic");
		await cell(page, 1, "status").click({ position: { x: 90, y: 5 } });
		await page.getByRole("button", { name: "Default" }).click();
		await until(async () => (await cell(page, 1, "status").locator("ins").innerText()) === "DEFAULT", "DEFAULT");
		await edit(page, 2, "title", "x");
		await page.getByRole("button", { name: "Discard" }).click();
		await page.getByText("No changes").waitFor();
		await page.getByRole("button", { name: "Undo" }).click();
		await page.getByText("2 changes in 2 rows").waitFor();
		await cell(page, 2, "title").click();
		await keys(page, "Enter");
		await page.keyboard.type("never");
		await keys(page, "Escape");
		assert.equal(await cell(page, 2, "title").locator("ins").innerText(), "x");
		await save(page);
		await saved(page);
		assert.deepEqual(await sql("select id, title, status from article where id in (2, 4) order by id"), [["2", "Title 2", "draft"], ["4", "x", "public"]]);
	},

	async errors(page) {
		await openRows(page, "author");
		await edit(page, 1, "email", "new@example.com");
		await edit(page, 2, "name", "Cid");
		await save(page);
		const note = page.locator('[role=row][aria-rowindex="3"]').getByRole("alert");
		await note.waitFor();
		assert.match(await note.innerText(), /duplicate key value violates unique constraint "author_name_key"/);
		assert.deepEqual(await sql("select email from author where id = 1"), [["ann@example.com"]]);
		await page.getByText("2 changes in 2 rows").waitFor();
		await edit(page, 2, "name", "Bobby");
		await sql("update author set name = 'Robert' where id = 2");
		await save(page);
		await until(async () => /Somebody has changed or deleted this row/.test(await note.innerText()), "a conflict");
		await keys(page, "Alt+r");
		await sql("update author set name = 'Bob' where id = 2");
		await save(page);
		await saved(page);
		assert.deepEqual(await sql("select name, email from author where id < 3 order by id"), [["Ann", "new@example.com"], ["Bobby", "NULL"]]);
		await openRows(page, "article", "?limit=50");
		await cell(page, 1, "score").click();
		await keys(page, "Enter");
		await page.keyboard.type("abc");
		await keys(page, "Enter");
		await page.getByText("a number is wanted").waitFor();
		await keys(page, "Escape");
		await edit(page, 1, "score", "-1");
		await save(page);
		await page.locator('[role=row][aria-rowindex="2"]').getByText(/violates check constraint "even_score"/).waitFor();
	},

	async insert(page) {
		await page.goto(tablePath("article", "insert"));
		await page.getByLabel("title", { exact: true }).fill("Inserted");
		await page.getByLabel("score", { exact: true }).fill("-3");
		await page.getByRole("combobox", { name: "author_id" }).fill("Bo");
		await page.getByRole("option", { name: /2.*Bob/ }).click();
		assert.equal(await page.getByRole("combobox", { name: "author_id" }).inputValue(), "2");
		await page.getByRole("radiogroup", { name: "What meta gets" }).getByText("NULL").click();
		await page.getByLabel("tags", { exact: true }).fill("{x,\"y z\"}");
		await page.getByLabel("status", { exact: true }).selectOption("gone");
		await page.getByRole("button", { name: "Insert", exact: true }).click();
		await page.getByText(/violates check constraint "even_score"/).waitFor();
		await page.getByLabel("score", { exact: true }).fill("3");
		await page.getByRole("button", { name: "Insert, then another" }).click();
		await page.getByText("Inserted: id 12002").or(page.getByText("Inserted: id 12001")).waitFor();
		await page.getByLabel("title", { exact: true }).fill("Inserted again");
		await keys(page, "Control+Enter");
		await page.getByText("Rows 1–1").waitFor();
		assert.equal(await cell(page, 1, "title").innerText(), "Inserted again");
		assert.deepEqual(await sql("select title, author_id, status, published, score, meta, tags, created_at from article where id > 12000 order by id"),
			["Inserted", "Inserted again"].map((t) => [t, "2", "gone", "f", "3.00", "NULL", '{x,"y z"}', "2026-01-01 12:00:00.123456+00"]));
		await page.goto(tablePath("author", "insert"));
		await page.getByRole("button", { name: "Insert", exact: true }).click();
		await page.getByText("a value is wanted").waitFor();
		await page.getByLabel("name", { exact: true }).fill("Ann");
		await page.getByRole("button", { name: "Insert", exact: true }).click();
		await page.getByText(/author_name_key/).waitFor();
	},

	async clone_and_form(page) {
		await openRows(page, "article", "?limit=50");
		await cell(page, 5, "id").click();
		await keys(page, "Alt+m");
		await choose(page, "Clone");
		await page.getByText("A copy of another row").waitFor();
		await page.getByLabel("title", { exact: true }).fill("Copy");
		await page.getByRole("button", { name: "Insert", exact: true }).click();
		await page.getByText("Rows 1–1").waitFor();
		assert.deepEqual(await sql("select c.title, c.body = a.body, c.meta = a.meta from article a, article c where a.id = 5 and c.id > 12000"), [["Copy", "t", "t"]]);
		await openRows(page, "article", "?limit=50&sort=id%3Bdesc&filter=id%3B%24lt%3B6");
		await cell(page, 1, "id").click();
		await keys(page, "Alt+e");
		await page.getByLabel("body", { exact: true }).fill("By the form");
		await page.getByRole("radiogroup", { name: "What score gets" }).getByText("NULL").click();
		const sent = bulks(page);
		await page.getByRole("button", { name: "Save" }).click();
		await page.getByText("Rows 1–5").waitFor();
		assert.deepEqual(place(page).getAll("sort"), ["id;desc"]);
		assert.deepEqual(JSON.parse(sent[0]).args.$set, { score: null, body: "By the form" });
		assert.deepEqual(await sql("select title, body, score from article where id = 5"), [["Title 5", "By the form", "NULL"]]);
		await page.goto(`${tablePath("article", "edit")}?key=id%3B99999`);
		await page.getByText("This row is not there any more").waitFor();
	},

	async remove(page) {
		await openRows(page, "article", "?limit=50");
		await cell(page, 2, "id").click();
		await keys(page, "Space", "ArrowDown", "ArrowDown", "Shift+Space");
		await page.getByText("3 ticked").waitFor();
		await keys(page, "Shift+Delete");
		await page.getByRole("dialog").getByText("Delete 3 rows?").waitFor();
		await keys(page, "Escape");
		assert.deepEqual(await sql("select count(*) from article"), [["12000"]]);
		await cell(page, 1, "title").click();
		await keys(page, "Shift+Delete");
		await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
		await page.getByText("3 rows were deleted").waitFor();
		assert.deepEqual(await sql("select string_agg(id::text, ',' order by id) from article where id < 6"), [["1,5"]]);
		await openRows(page, "status");
		await page.getByLabel("Tick row 1").click();
		await page.getByLabel("Tick row 3").click();
		await page.getByRole("button", { name: "Delete", exact: true }).click();
		await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
		await page.locator('[role=row][aria-rowindex="2"]').getByText(/violates foreign key constraint/).waitFor();
		assert.deepEqual(await sql("select count(*) from status"), [["3"]]);
	},

	async files(page) {
		const download = async (label) => {
			await page.getByRole("button", { name: "Export" }).click();
			const [file] = await Promise.all([page.waitForEvent("download"), choose(page, label)]);
			return readFileSync(await file.path(), "utf8");
		};
		await openRows(page, "everything");
		const all = JSON.parse((await download("JSON, all rows")).replaceAll(/: (9007199254740993|9223372036854775807|12345678901234567890\.123456789)\b/g, ': "exact $1"'));
		assert.equal(all.length, 5);
		assert.equal(all[4].id, "exact 9007199254740993");
		assert.equal(all[4].num, "exact 12345678901234567890.123456789");
		assert.deepEqual([all[4].flag, all[4].j, all[4].ints, all[0].t, all[0].vc], [true, { a: 1.0, big: "exact 9007199254740993" }, "{1,NULL,3}", "", null]);
		assert.equal(all[3].t.length, 5000);
		const csv = (await download("CSV for spreadsheets")).split("\r\n");
		assert.match(csv[0], /^id,small col,i,big,/);
		assert.ok(csv[1].startsWith('1,,,,,,,,,,,"",'), csv[1].slice(0, 60));
		assert.ok(csv[2].includes(",'=1+1,") && csv[3].includes(",'-5,"));
		const exact = await download("CSV, exact, all rows");
		assert.ok(exact.includes(",=1+1,") && exact.includes('"x,""y"""') && exact.includes('"two\nlines"'));
		await openRows(page, "article", "?limit=50&filter=id%3B%24gt%3B5000");
		const rows = (await download("CSV, exact, all rows")).trim().split("\r\n");
		assert.equal(rows.length, 7001);
		assert.ok(rows[1].startsWith("5001,") && rows[7000].startsWith("12000,"));
		await openRows(page, "article", "?limit=50&sort=id%3Bdesc");
		const loaded = Number((await page.getByText(/^Rows 1–/).innerText()).split("–")[1]);
		assert.equal(JSON.parse(await download("JSON")).length, loaded);
	},

	async read_only(page) {
		await openRows(page, "totals");
		await page.getByText("Rows of this view can only be read").waitFor();
		assert.equal(await page.getByRole("link", { name: "Insert row" }).count(), 1, "the tab alone");
		await cell(page, 1, "n").click();
		await keys(page, "Enter");
		await page.getByRole("dialog").waitFor();
		await keys(page, "Escape");
		await page.goto(tablePath("totals", "insert"));
		await page.getByText("Nothing can be inserted into this view").waitFor();
		await openRows(page, "loose");
		await page.getByText("This table is not tracked").waitFor();
		assert.equal(await page.getByRole("button", { name: "Edit", exact: true }).count(), 0);
		await page.getByRole("link", { name: "Track it on the page of public" }).click();
		await page.getByRole("link", { name: "loose" }).click();
		await page.getByText("free").waitFor();
		await page.goto(tablePath("nothing"));
		await page.getByText("There is no table nothing in public").waitFor();
	},

	async without_key(page) {
		await openRows(page, "nokey");
		await page.getByText("No key names the rows").waitFor();
		await edit(page, 1, "b", "uno");
		await save(page);
		await saved(page);
		await edit(page, 2, "b", "dos");
		await save(page);
		await page.getByText(/Nothing was saved/).first().waitFor();
		assert.deepEqual(await sql("select a, b from nokey order by 1, 2"), [["1", "uno"], ["2", "two"], ["2", "two"]]);
		await openRows(page, "glad", "?limit=50");
		await edit(page, 1, "title", "Through the view");
		await save(page);
		await saved(page);
		assert.deepEqual(await sql("select count(*) from article where title = 'Through the view'"), [["1"]]);
	},

	async names_and_sources(page) {
		await openRows(page, "renamed");
		await edit(page, 1, "first name", "Eve");
		await edit(page, 1, "note", "changed");
		await save(page);
		await saved(page);
		assert.deepEqual(await sql('select "first name", note from renamed'), [["Eve", "changed"]]);
		await openRows(page, "far", "", { schema: "other" });
		await edit(page, 1, "author_id", "2");
		await save(page);
		await saved(page);
		await openRows(page, "thing", "", { source: "second" });
		await edit(page, 1, "word", "second");
		await save(page);
		await saved(page);
		await page.goto(tablePath("thing", "insert", { source: "second" }));
		await page.getByLabel("id", { exact: true }).fill("2");
		await page.getByLabel("word", { exact: true }).fill("new");
		await page.getByRole("button", { name: "Insert", exact: true }).click();
		await page.getByText("Rows 1–1").waitFor();
		await page.goto(tablePath("renamed", "browse").replace("/tables/", "/views/"));
		await page.getByRole("gridcell", { name: "Eve" }).waitFor();
	},

	async all_types(page) {
		const values = {
			id: "-9007199254740995", i: "7", big: "-9223372036854775808", num: "0.000000000000000000000001", f4: "NaN", f8: "1e300",
			cash: "$1,234.50", flag: "false", c: "q", vc: "it's", t: "a\tb \"quoted\" \\ ünï", ci: "x", b: "\\xdeadbeef", d: "0044-03-15 BC", tm: "23:59:59.999999",
			tmz: "01:02:03-05", ts: "infinity", tsz: "2026-07-01 00:00:00+02", iv: "3 mons", u: "00000000-0000-0000-0000-000000000001",
			j: '{"z": 1, "a": [1.10, 12345678901234567890]}', jb: '[9007199254740993]', ints: "{}", texts: '{NULL,"null",""}', m: "cross", dom: "3",
			ip: "::1", net: "192.168.0.0/16", mac: "00:11:22:33:44:55", bits: "0001", r: "(,5)", p: "(0.5,-1)", x: "<r/>", tsv: "'a':1",
		};
		await page.goto(tablePath("everything", "insert"));
		await page.getByText("not in the API").waitFor();
		for (const [name, text] of Object.entries(values)) {
			const field = page.getByLabel(name, { exact: true });
			if (name === "j" || name === "jb") {
				await field.click();
				await page.keyboard.insertText(text);
			} else if ((await field.evaluate((e) => e.tagName)) === "SELECT") await field.selectOption(text);
			else await field.fill(text);
		}
		await keys(page, "Control+Enter");
		await page.getByText("Rows 1–1").waitFor();
		const [found] = await sql(`select ${Object.keys(values).map((n) => `"${n}"::text`).join(", ")}, gen from everything where id < 0`);
		const want = { ...values, f8: "1e+300", tsz: "2026-06-30 22:00:00+00", ip: "::1/128", j: values.j.replaceAll(" ", "") };
		assert.deepEqual(Object.fromEntries([...Object.keys(values), "gen"].map((n, i) => [n, found[i]])), { ...want, gen: "14" });
		const before = await sql("select md5(e::text) from everything e where id > 100");
		await page.goto(`${tablePath("everything", "edit")}?key=id%3B9007199254740993`);
		await page.getByLabel("vc", { exact: true }).fill("other");
		await page.getByRole("button", { name: "Save" }).click();
		await until(async () => (await sql("select vc from everything where id > 100"))[0][0] === "other", "saved");
		await sql(`update everything set vc = 'x,"y"' where id > 100`);
		assert.deepEqual(await sql("select md5(e::text) from everything e where id > 100"), before);
	},

	async keyboard(page) {
		await openRows(page, "article", "?limit=50");
		await keys(page, "?");
		await page.getByRole("dialog").getByText("Follow the foreign key").waitFor();
		await keys(page, "Escape");
		await page.getByRole("button", { name: "Export" }).focus();
		await until(async () => {
			await keys(page, "Tab");
			return page.evaluate(() => document.activeElement.getAttribute("role") === "grid");
		}, "the grid is reached by Tab");
		await keys(page, "ArrowRight", "ArrowDown", "Enter");
		await page.keyboard.type("Typed");
		await keys(page, "Tab");
		assert.equal(await cell(page, 2, "title").locator("ins").innerText(), "Typed");
		const active = () => page.evaluate(() => document.getElementById(document.activeElement.getAttribute("aria-activedescendant"))?.dataset.column);
		await until(async () => (await active()) === "author_id", "the next cell is active");
		await keys(page, "End");
		await until(async () => (await active()) === "created_at", "the last column");
		await keys(page, "Control+z", "Alt+f");
		await until(() => page.evaluate(() => document.activeElement.getAttribute("aria-label") === "Value for id"), "the filter has the focus");
		await page.keyboard.type("3");
		await keys(page, "Enter");
		await page.getByText("Rows 1–1").waitFor();
		await cell(page, 1, "title").click();
		await keys(page, "Control+c");
		assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "Title 3");
		await keys(page, "Alt+i");
		await page.getByRole("button", { name: "Insert", exact: true }).waitFor();
	},

	async typing(page) {
		await openRows(page, "article", "?limit=50");
		const now = (row, name) => cell(page, row, name).locator("ins").innerText();
		await cell(page, 1, "title").click();
		await page.keyboard.type("mr. fire");
		const wide = async (locator) => (await locator.boundingBox()).width;
		assert.ok((await wide(cell(page, 1, "title"))) - (await wide(cell(page, 1, "title").locator("input"))) < 4, "the editor fills its cell");
		await keys(page, "Enter");
		assert.equal(await now(1, "title"), "mr. fire");
		await page.keyboard.type("gone again");
		await keys(page, "Escape");
		assert.equal(await cell(page, 2, "title").innerText(), "Title 2");
		await page.keyboard.type("twice");
		await keys(page, "Tab", "Shift+Tab");
		await page.keyboard.type("x");
		await keys(page, "Escape");
		assert.equal(await now(2, "title"), "twice");
		await cell(page, 2, "published").click();
		await page.keyboard.type("f");
		await keys(page, "Tab");
		await page.keyboard.type("-1.25");
		await keys(page, "Enter");
		assert.deepEqual([await now(2, "published"), await now(2, "score")], ["false", "-1.25"]);
		await page.getByText("4 changes in 2 rows").waitFor();
		await keys(page, "Control+z", "Control+z");
		await page.getByText("2 changes in 2 rows").waitFor();
		assert.equal(await cell(page, 2, "published").innerText(), "true");
		await cell(page, 1, "author_id").click({ position: { x: 100, y: 5 } });
		await page.keyboard.type("Cid");
		await page.getByRole("option", { name: /3.*Cid/ }).click();
		await keys(page, "Enter");
		assert.equal(await now(1, "author_id"), "3");
		await cell(page, 1, "id").click();
		await save(page);
		await saved(page);
		assert.deepEqual(await sql("select title, author_id, published from article where id < 3 order by id"), [["mr. fire", "3", "f"], ["twice", "3", "t"]]);
		await openRows(page, "totals");
		await cell(page, 1, "n").click();
		await keys(page, "5");
		assert.equal(await cell(page, 1, "n").locator("input").count(), 0, "what can only be read is not written on");
	},

	async copying(page) {
		const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
		const copied = async (row, name, steps) => {
			await page.evaluate(() => navigator.clipboard.writeText("nothing"));
			await cell(page, row, "id").click();
			for (let i = 0; i < steps; i++) await keys(page, "ArrowRight");
			await keys(page, "Control+c");
			return until(async () => (await clipboard()) !== "nothing" && (await clipboard()), `${name} in the clipboard`);
		};
		await openRows(page, "everything");
		assert.equal(await copied(5, "big", 3), "9223372036854775807");
		assert.equal(await copied(5, "small col", 1), "1");
		assert.equal(await copied(4, "t", 11), "é".repeat(5000), "of a cell that is shown in part, all of it");
		await keys(page, "Alt+m");
		await page.evaluate(() => navigator.clipboard.writeText("nothing"));
		await choose(page, "Copy as JSON");
		await until(async () => (await clipboard()) !== "nothing", "the row in the clipboard");
		assert.equal(JSON.parse(await clipboard()).t.length, 5000);
	},

	async json_null(page) {
		const editor = page.getByRole("dialog").locator(".cm-content");
		const put = async (row, text) => {
			await cell(page, row, "meta").click();
			await keys(page, "Enter");
			await editor.waitFor();
			if (text === null) return page.getByRole("button", { name: "Set NULL" }).click();
			await editor.click();
			await keys(page, "Control+A");
			await page.keyboard.insertText(text);
			await page.getByRole("button", { name: "Keep the change" }).click();
		};
		const changed = (row) => cell(page, row, "meta").locator("ins").innerText();
		await openRows(page, "article", "?limit=50");
		await put(1, "null");
		await page.getByRole("dialog").waitFor({ state: "detached" });
		await put(2, null);
		await page.getByRole("dialog").waitFor({ state: "detached" });
		assert.deepEqual([await changed(1), await changed(2)], ["null", "NULL"]);
		await keys(page, "Control+s");
		await saved(page);
		const metas = (from) => sql(`select meta::text, meta is null from article where id in (${from}) order by id`);
		assert.deepEqual(await metas("1, 2"), [["null", "f"], ["NULL", "t"]]);
		await page.goto(`${tablePath("article", "edit")}?key=id%3B1`);
		await page.getByRole("radiogroup", { name: "What meta gets" }).getByText("NULL").click();
		await page.getByRole("button", { name: "Save" }).click();
		await page.getByText(/^Rows 1–/).waitFor();
		assert.deepEqual(await metas("1"), [["NULL", "t"]]);
		await page.goto(tablePath("article", "insert"));
		await page.getByLabel("title", { exact: true }).fill("with null");
		await page.getByRole("textbox", { name: "meta", exact: true }).click();
		await page.keyboard.insertText("null");
		await page.getByRole("button", { name: "Insert", exact: true }).click();
		await page.getByText("Rows 1–1").waitFor();
		assert.deepEqual(await sql("select meta::text, meta is null from article where title = 'with null'"), [["null", "f"]]);
	},
};

/** axe over the page; what it finds must be nothing. */
async function accessible(page) {
	await page.evaluate(readFileSync(axeSource(), "utf8"));
	const found = await page.evaluate(async () => {
		const result = await globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "best-practice"] });
		return result.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`);
	});
	assert.deepEqual(found, []);
}

for (const scheme of ["light", "dark"])
	scenarios[`accessible_${scheme}`] = async (page) => {
		await page.emulateMedia({ colorScheme: scheme });
		await openRows(page, "article", "?limit=50&filter=id%3B%24lt%3B40");
		await edit(page, 2, "title", "Changed");
		await accessible(page);
		await openRows(page, "everything");
		await accessible(page);
		await page.goto(tablePath("article", "insert"));
		await page.getByRole("button", { name: "Insert", exact: true }).waitFor();
		await page.locator(".cm-content").first().waitFor();
		await accessible(page);
	};

const [name] = process.argv.slice(2);
if (name === "--list") process.stdout.write(JSON.stringify(Object.keys(scenarios)));
else await withPage(scenarios[name]);
