// The main story with keys alone: log in, track, relate, ask, permit. What has the focus is always to be seen.
import { assert, story, tabTo } from "./lib/start.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: typeof name === "string" });

async function press(page, ...keys) {
	for (const key of keys) await page.keyboard.press(key);
}

async function focusIsSeen(page) {
	const seen = await page.evaluate(() => {
		const e = document.activeElement;
		const drawn = [e, e.closest(".cm-editor"), e.parentElement, e.nextElementSibling].filter(Boolean).map((x) => getComputedStyle(x));
		return drawn.some((s) => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none") || /^(INPUT|TEXTAREA|SELECT)$/.test(e.tagName);
	});
	assert.ok(seen, `the focus cannot be seen at ${await page.evaluate(() => document.activeElement.outerHTML.slice(0, 200))}`);
}

async function to(page, locator, options) {
	await locator.first().waitFor();
	await tabTo(page, locator, options);
	await focusIsSeen(page);
}

await story("keys", async ({ visit, page, step }) => {
	page.mouse.click = () => assert.fail("there is no mouse");
	await step("log in", async () => {
		await visit.go("");
		await page.getByRole("textbox", { name: "Admin secret" }).waitFor();
		await page.keyboard.type(process.env.WEIR_SECRET); // it has the focus
		await press(page, "Enter");
		await page.getByRole("heading", { level: 1, name: "public" }).waitFor();
	});
	await step("the keys are told by ?", async () => {
		await press(page, "?");
		await page.getByRole("dialog").getByText("Go to Data").waitFor();
		await press(page, "Escape");
		await page.getByRole("dialog").waitFor({ state: "detached" });
	});
	await step("skip to the page", async () => {
		await to(page, button(page, "Skip to the page"), { back: true });
		await press(page, "Enter");
		assert.equal(await page.evaluate(() => document.activeElement.id), "main");
	});
	await step("track one, then all", async () => {
		await to(page, button(page, "Track blog_author"));
		await press(page, "Enter");
		await button(page, "Track blog_author").waitFor({ state: "detached" });
		await to(page, button(page, /^Track all/), { back: true });
		await press(page, "Enter");
		await button(page, "Track blog_comment").waitFor({ state: "detached" });
	});
	await step("add one relationship, then all", async () => {
		await to(page, button(page, "Add articles to blog_author"));
		await press(page, "Enter");
		await button(page, "Add articles to blog_author").waitFor({ state: "detached" });
		await to(page, button(page, /^Add all/), { back: true });
		await press(page, "Enter");
		await page.getByText("Nothing to suggest").waitFor();
	});
	await step("the tree of tables by arrows", async () => {
		const tables = page.getByRole("complementary").getByRole("link");
		await to(page, tables.filter({ hasText: "public" }), { back: true });
		await press(page, "ArrowDown", "ArrowDown");
		assert.equal(await page.evaluate(() => document.activeElement.textContent), "auth_user");
	});
	await step("a query from the tree, run", async () => {
		await press(page, "g", "a");
		await page.getByRole("heading", { level: 1, name: "API explorer" }).waitFor();
		await to(page, page.getByLabel("Find a field"));
		await page.keyboard.type("blog_author");
		await to(page, page.getByRole("tree"));
		const active = () => page.locator('[role="treeitem"][aria-selected="true"]');
		await press(page, "Home", "ArrowDown", "Space");
		await page.waitForFunction(() => /blog_author/.test(document.querySelector('[aria-label="Operation text"]').textContent));
		for (let i = 0; i < 30 && !/^name\s/.test(await active().innerText()); i++) await press(page, "ArrowDown");
		await press(page, "Space");
		const came = page.waitForResponse((r) => r.url().endsWith("/v1/graphql"));
		await press(page, "Control+Enter");
		const { data } = await (await came).json();
		assert.equal(data.blog_author.length, 50);
		assert.deepEqual(Object.keys(data.blog_author[0]).sort(), ["id", "name"]);
	});
	await step("text is completed from the schema", async () => {
		await to(page, page.getByLabel("Operation text"));
		await press(page, "Control+a", "Delete");
		await page.keyboard.type("{ blog_ta");
		await page.locator(".cm-tooltip-autocomplete .cm-completionLabel").getByText("blog_tag", { exact: true }).waitFor();
		await page.waitForTimeout(150); // a completion that has just come does not take Enter yet
		await press(page, "Enter");
		await page.keyboard.type("(limit: 1) { na");
		await page.locator(".cm-tooltip-autocomplete .cm-completionLabel").getByText("name", { exact: true }).waitFor();
		await page.waitForTimeout(150);
		await press(page, "Enter");
		const came = page.waitForResponse((r) => r.url().endsWith("/v1/graphql"));
		await press(page, "Control+Enter");
		assert.equal((await (await came).json()).data.blog_tag.length, 1);
		await press(page, "Escape"); // then Tab goes on instead of indenting
	});
	await step("a permission", async () => {
		await press(page, "Control+k");
		await page.getByPlaceholder("A table, a page").waitFor();
		await page.keyboard.type("blog_author perm");
		await press(page, "Enter");
		await to(page, page.getByLabel("New role"));
		await page.keyboard.type("user");
		await press(page, "Enter");
		await page.getByRole("form", { name: "select permission of user" }).waitFor();
		await to(page, button(page, "own rows by user_id"));
		await press(page, "Enter");
		await to(page, button(page, "All"));
		await press(page, "Enter");
		await to(page, page.getByLabel(/^x-hasura-user-id$/i));
		await page.keyboard.type("3");
		await press(page, "Enter");
		await page.getByText("1 row seen, 49 hidden").waitFor();
		await press(page, "Control+Enter");
		await page.getByText("select on blog_author was saved for user.").waitFor();
	});
	await step("log out", async () => {
		await to(page, button(page, "Log out"), { back: true });
		await press(page, "Enter");
		await page.getByRole("textbox", { name: "Admin secret" }).waitFor();
	});
});
