// From an empty browser to exported metadata, as the article “instant GraphQL APIs on your existing Django application” goes:
// track, relate, query, permit, try as a user, secure with a key and Django's hook, the command line, metadata in files.
import { ask, assert, scheme, secret, story } from "./lib/start.mjs";

const PUBLIC = "/data/default/schema/public";
const button = (page, name, exact = true) => page.getByRole("button", { name, exact });
const region = (page, name) => page.getByRole("region", { name, exact: true });
const heading = (page, name) => page.getByRole("heading", { level: 1, name });

/** What the result of the API explorer says, once it has come. */
async function answerOf(page, run) {
	const came = page.waitForResponse((r) => r.url().endsWith("/v1/graphql") && !r.request().postData().includes("__schema"));
	await run();
	await came;
	const result = page.getByLabel("Result");
	await page.waitForFunction((e) => e.textContent.trim() !== "", await result.elementHandle());
	await page.locator('[role="status"]', { hasText: /Done|Failed/ }).first().waitFor();
	return JSON.parse(await result.innerText());
}

async function write(page, label, text) {
	await page.getByLabel(label, { exact: true }).click();
	await page.keyboard.press("Control+a");
	await page.keyboard.press("Delete");
	await page.keyboard.insertText(text);
}

async function header(page, name, value) {
	await button(page, "Header").click();
	await page.getByLabel("Header name").last().fill(name);
	await page.getByLabel(`Value of ${name}`, { exact: true }).fill(value);
}

async function track({ visit, page, step }) {
	await step("the console opens without a question", async () => {
		await visit.go("");
		await heading(page, "public").waitFor();
		await page.getByText("not secured").waitFor();
	});
	const untracked = region(page, "Untracked tables and views");
	await step("untracked tables, Django's own folded", async () => {
		await untracked.getByText("blog_author", { exact: true }).waitFor();
		assert.match(await page.locator("details summary").innerText(), /^9 framework tables of Django/);
		assert.equal(await untracked.getByText("django_migrations").isVisible(), false);
		await visit.keep("console-untracked");
	});
	await step("one table is tracked", async () => {
		await button(page, "Track blog_author").click();
		await page.getByRole("link", { name: "blog_author", exact: true }).first().waitFor();
		await button(page, "Track blog_author").waitFor({ state: "detached" });
	});
	await step("the others in one call", async () => {
		const calls = [];
		const count = (r) => r.method() === "POST" && /"type":"(pg_track|bulk)/.test(r.postData() ?? "") && calls.push(r.postDataJSON());
		page.on("request", count);
		await page.getByRole("button", { name: /^Track all/ }).click();
		await button(page, "Track blog_comment").waitFor({ state: "detached" });
		page.off("request", count);
		assert.deepEqual(calls.map((c) => [c.type, c.args.tables.length]), [["pg_track_tables", 7]]);
	});
}

async function relate({ visit, page, step }) {
	const suggested = region(page, "Suggested relationships");
	await step("relationships are suggested in two styles of names", async () => {
		const name = suggested.getByLabel("Name of the relationship from blog_article to blog_author");
		await name.waitFor();
		assert.equal(await name.inputValue(), "author");
		await suggested.getByText("or blogAuthorByauthorId").waitFor();
		await visit.keep("console-relationships");
		await suggested.getByText("Names by column").click();
		assert.equal(await name.inputValue(), "blogAuthorByauthorId");
		await suggested.getByText("or author", { exact: true }).first().waitFor();
		await suggested.getByText("Short names").click();
	});
	await step("all are added in one call", async () => {
		const call = page.waitForRequest((r) => /create_object_relationship/.test(r.postData() ?? ""));
		await suggested.getByRole("button", { name: /^Add all/ }).click();
		const { type, args } = (await call).postDataJSON();
		assert.equal(type, "bulk");
		assert.ok(args.length >= 14 && args.some((o) => o.args.name === "articles"), JSON.stringify(args.map((a) => a.args.name)));
		await suggested.getByText("Nothing to suggest").waitFor();
	});
}

async function query({ visit, page, step }) {
	await step("a query is ticked together in the API explorer", async () => {
		await page.getByRole("navigation", { name: "Sections" }).getByText("API").click();
		await page.getByLabel("Find a field").fill("blog_author");
		const tree = page.getByRole("tree");
		await tree.locator('[data-row="query/blog_author"]').getByText("blog_author", { exact: true }).click();
		await tree.locator('[data-row="query/blog_author(/limit"]').getByText("limit:").click();
		await tree.getByLabel("Value of limit").fill("3");
		await tree.locator('[data-row="query/blog_author/name"]').getByText("name", { exact: true }).click();
		await tree.locator('[data-row="query/blog_author/articles"]').getByText("articles", { exact: true }).click();
		await tree.locator('[data-row="query/blog_author/articles/title"]').getByText("title", { exact: true }).click();
		const text = await page.getByLabel("Operation text").innerText();
		assert.match(text.replace(/\s+/g, " "), /query MyQuery \{ blog_author\(limit: 3\) \{ id name articles \{ id title \} \} \}/);
	});
	await step("it answers with the nested rows", async () => {
		const { data } = await answerOf(page, () => button(page, "Run").click());
		assert.equal(data.blog_author.length, 3);
		assert.ok(data.blog_author.some((a) => a.articles.length > 0 && a.articles[0].title));
		await visit.keep("console-api");
	});
}

async function permit({ visit, page, step }) {
	await step("the permission of the author's table", async () => {
		await page.keyboard.press("Control+k");
		await page.getByPlaceholder("A table, a page").fill("blog_author permissions");
		await page.keyboard.press("Enter");
		await page.getByLabel("New role").fill("user");
		await button(page, "Add role").click();
		await page.getByRole("form", { name: "select permission of user" }).waitFor();
	});
	await step("the rule, by the builder", async () => {
		await page.getByLabel("Add a condition on blog_author").selectOption("cuser_id");
		await page.getByLabel("Value for user_id").fill("X-Hasura-User-Id");
		assert.equal(await button(page, "own rows by user_id").getAttribute("aria-pressed"), "true");
		await page.getByText("JSON", { exact: true }).click();
		assert.deepEqual(JSON.parse(await page.getByLabel("Rows the role sees as JSON").inputValue()), { user_id: { _eq: "X-Hasura-User-Id" } });
		await page.getByText("Builder", { exact: true }).click();
		for (const column of ["id", "name", "bio", "interests", "user_id"]) await page.getByRole("checkbox", { name: column, exact: true }).check();
	});
	await step("seen as the role before it is saved", async () => {
		await page.getByLabel(/^x-hasura-user-id$/i).fill("2");
		await button(page, "Look").click();
		await page.getByText("1 row seen, 49 hidden").waitFor();
		await visit.keep("console-permission");
	});
	await step("saved", async () => {
		await button(page, "Save permission").click();
		await page.getByText("select on blog_author was saved for user.").waitFor();
		await button(page, "user: select: some rows or columns").waitFor();
	});
	await step("tried by x-hasura-role: user and x-hasura-user-id: 2", async () => {
		await page.getByRole("navigation", { name: "Sections" }).getByText("API").click();
		await header(page, "x-hasura-role", "user");
		await header(page, "x-hasura-user-id", "2");
		await write(page, "Operation text", "{ blog_author { id name } }");
		const { data } = await answerOf(page, () => page.keyboard.press("Control+Enter"));
		assert.deepEqual(data.blog_author.map((a) => a.id), [2]);
		await visit.keep("console-as-user");
		await write(page, "Operation text", "{ blog_article { title } }");
		const refused = await answerOf(page, () => page.keyboard.press("Control+Enter"));
		assert.match(refused.errors[0].message, /blog_article/);
	});
}

async function secure({ visit, page, step }) {
	await step("the server is started again with a key and Django's hook", async () => {
		await ask("secure");
		await visit.go("");
		await page.getByLabel("Admin secret").waitFor();
		await visit.keep("console-login", { clip: { x: 340, y: 190, width: 500, height: 360 } });
	});
	await step("a wrong secret is refused", async () => {
		visit.allow(/status of 401/);
		await visit.login("wrong");
		await page.getByText("This is not the admin secret.").waitFor();
		visit.allowed.pop();
	});
	await step("the right one opens", async () => {
		await visit.login();
		await heading(page, "API explorer").waitFor();
		assert.equal(await page.getByText("not secured").count(), 0);
		const kept = await page.evaluate(() => [JSON.stringify(localStorage), JSON.stringify(sessionStorage)]);
		assert.ok(!kept[0].includes("mysecretkey") && kept[1].includes("mysecretkey"), "the secret is for the tab alone");
	});
	await step("rejected without a token", async () => {
		await page.getByLabel("Send the admin secret").uncheck();
		for (const name of ["x-hasura-role", "x-hasura-user-id"]) await page.getByLabel(`Send ${name}`).uncheck();
		await write(page, "Operation text", "{ blog_author { id name user_id } }");
		const { errors } = await answerOf(page, () => page.keyboard.press("Control+Enter"));
		assert.equal(errors[0].message, "Authentication hook unauthorized this request");
		await visit.keep("console-rejected");
	});
	await step("own rows with a token of Django's", async () => {
		const { token } = await ask("token", { name: "kavya.jensen" });
		await header(page, "authorization", `Bearer ${token}`);
		await page.getByLabel("Operation text").click();
		const { data } = await answerOf(page, () => page.keyboard.press("Control+Enter"));
		assert.deepEqual(data.blog_author.map((a) => a.name), ["Kavya Jensen"]);
		await page.reload();
		await page.getByLabel("Operation text").waitFor();
		const kept = await page.evaluate(() => JSON.stringify(localStorage));
		assert.ok(!kept.includes(token), "the token is not written down");
	});
}

async function commandLine({ visit, page, step }) {
	await step("the command line makes a project of the server, by the article's own words", async () => {
		const { text } = await ask("cli", { words: ["init", "--directory", "blog-hasura-app", "--endpoint", "URL", `--access-key=${secret}`] });
		assert.match(text, /--directory has been deprecated.*\n.*--access-key has been deprecated/);
		assert.match(text, /Metadata exported/);
	});
	await step("its console, same page, no question", async () => {
		const { url } = await ask("console", { project: "blog-hasura-app" });
		await visit.open(url);
		await heading(page, "API explorer").waitFor();
		await page.getByText("project files").waitFor();
	});
	await step("a click there is in the project's files", async () => {
		await page.getByRole("navigation", { name: "Sections" }).getByText("Data").click();
		await page.getByRole("complementary").getByText("blog_tag", { exact: true }).click();
		await page.getByRole("navigation", { name: "Table" }).getByText("Relationships").click();
		await button(page, "Rename article_tags").click();
		await page.getByLabel("New name of article_tags").fill("tagged");
		await page.keyboard.press("Enter");
		await page.getByText("article_tags is tagged now").waitFor();
		const { text } = await ask("read", { path: "metadata/databases/default/tables/public_blog_tag.yaml" });
		assert.match(text, /name: tagged/);
	});
	const allowed = page.getByRole("switch", { name: "Allow Postgres schema changes via console" });
	const migrations = () => page.getByRole("complementary").getByRole("link", { name: "Migrations", exact: true }).click();
	await step("schema changes by the console are off: Django owns the migrations", async () => {
		await migrations();
		await page.getByText("Django owns the migrations of this project").waitFor();
		await page.getByText("manage.py showmigrations").waitFor();
		assert.deepEqual([await allowed.isChecked(), await allowed.isDisabled()], [false, true]);
	});
	await step("metadata is exported into files", async () => {
		const { text } = await ask("cli", { words: ["metadata", "export"], where: "blog-hasura-app" });
		assert.match(text, /Metadata exported/);
		const author = (await ask("read", { path: "metadata/databases/default/tables/public_blog_author.yaml" })).text;
		assert.match(author, /- name: articles\n/);
		assert.match(author, /- role: user\n {4}permission:\n {6}columns:\n(?: {8}- \w+\n){5} {6}filter:\n {8}user_id:\n {10}_eq: X-Hasura-User-Id/);
	});
	await step("of a project with migrations of its own they are switched off at Data › Migrations", async () => {
		await ask("cli", { words: ["init", "--directory", "own", "--django=false", "--endpoint", "URL", `--access-key=${secret}`] });
		const { url } = await ask("console", { project: "own" });
		await visit.open(url);
		await page.getByRole("navigation", { name: "Sections" }).getByText("Data").click();
		await migrations();
		await allowed.waitFor();
		assert.ok(await allowed.isChecked());
		await visit.keep("console-migrations");
		await allowed.click();
		await page.getByText("Schema changes via the console are off.").waitFor();
		await page.reload();
		await allowed.waitFor();
		assert.equal(await allowed.isChecked(), false);
		await page.getByRole("complementary").getByRole("link", { name: "SQL", exact: true }).click();
		await write(page, "SQL", "create table late (id int)");
		await page.getByLabel("Read only").uncheck();
		await page.getByText("switched off for this project").waitFor();
	});
}

await story(
	"article",
	async (all) => {
		await track(all);
		await relate(all);
		await query(all);
		await permit(all);
		await secure(all);
		await commandLine(all);
	},
	{ viewport: { width: 1180, height: 740 } },
);
assert.ok(scheme);
