// What stands beside the text in the API explorer: the plan as a picture, the docs, headers and profiles, code that runs, history.
import { ask, assert, checkAccessibility, secret, settled, story } from "./lib/start.mjs";

const BIG = "9007199254740993"; // one more than JavaScript's numbers can tell apart

await story("explorer-tools", async ({ visit, page, step }) => {
	const button = (name) => page.getByRole("button", { name, exact: true });
	const editor = (label) => page.getByRole("textbox", { name: label, exact: true });
	const write = async (label, text) => {
		await editor(label).click();
		await page.keyboard.press("Control+a");
		await page.keyboard.press("Delete");
		await page.keyboard.insertText(text);
	};
	const run = async () => {
		const came = page.waitForResponse((r) => r.url().endsWith("/v1/graphql") && !r.request().postData().includes("__schema"));
		await button("Run").click();
		const text = await (await came).text();
		await page.locator('[role="status"]', { hasText: /^(Done|Failed)/ }).waitFor();
		return text;
	};
	const header = async (name, value) => {
		await button("Header").click();
		await page.getByLabel("Header name").last().fill(name);
		await page.getByLabel(`Value of ${name}`, { exact: true }).fill(value);
	};
	const profile = async (name) => {
		await page.getByLabel("Name of the profile").fill(name);
		await button("Save").click();
		await button(`Use the headers of ${name}`).waitFor();
	};

	await visit.go("/api/api-explorer");
	await visit.login();
	await settled(page);

	await step("the plan's picture: a bar for each part, all of them the whole", async () => {
		await write("Operation text", "{ blog_article(limit: 3, order_by: {title: asc}) { title author { name } } blog_tag_aggregate { aggregate { count } } }");
		await button("Explain").click();
		const bars = page.getByRole("img", { name: /^\d+ % of the cost$/ });
		await bars.first().waitFor();
		const found = await bars.evaluateAll((all) =>
			all.map((e) => ({ says: parseInt(e.getAttribute("aria-label")), wide: (e.firstElementChild.clientWidth / e.clientWidth) * 100, tall: e.firstElementChild.clientHeight })));
		assert.ok(found.length >= 3, JSON.stringify(found));
		for (const bar of found) assert.ok(Math.abs(bar.says - bar.wide) < 2 && bar.tall >= 4, JSON.stringify(bar));
		const sum = found.reduce((n, bar) => n + bar.says, 0);
		assert.ok(sum > 90 && sum < 110, `the bars are ${sum} %`);
		await page.getByText("SQL of blog_article", { exact: true }).waitFor();
		await checkAccessibility(page, "a plan");
		await page.getByRole("radiogroup", { name: "Root field" }).getByText("blog_tag_aggregate").click();
		await page.getByText("SQL of blog_tag_aggregate", { exact: true }).waitFor();
		await button("Copy").last().click();
		assert.match(await page.evaluate(() => navigator.clipboard.readText()), /Aggregate {2}\(cost=/);
		await button("Back to the result").click();
	});

	await step("the docs: a type, its fields, a type of those, back, and by name", async () => {
		await page.getByRole("tab", { name: "Docs" }).click();
		const docs = page.getByRole("tabpanel", { name: "Docs" });
		const type = (name) => docs.getByRole("heading", { level: 2, name, exact: true });
		await docs.getByRole("button", { name: "query_root", exact: true }).click();
		await type("query_root").waitFor();
		await docs.getByRole("button", { name: "[blog_tag!]!", exact: true }).first().click();
		await type("blog_tag").waitFor();
		await docs.getByText("slug", { exact: true }).waitFor();
		await docs.getByRole("button", { name: "Back" }).click();
		await type("query_root").waitFor();
		await docs.getByLabel("Search the docs").fill("blog_tag_bool");
		await docs.getByRole("button", { name: "blog_tag_bool_exp", exact: true }).click();
		await docs.getByRole("button", { name: "String_comparison_exp", exact: true }).first().click();
		await docs.getByText("_ilike", { exact: true }).waitFor();
		await checkAccessibility(page, "the docs");
		await page.getByRole("tab", { name: "Explorer" }).click();
	});

	await step("headers are sent when they are ticked", async () => {
		await write("Operation text", "{ blog_author { user_id } }");
		await header("x-hasura-role", "user");
		await header("x-hasura-user-id", "2");
		assert.deepEqual(JSON.parse(await run()), { data: { blog_author: [{ user_id: 2 }] } });
		await page.getByLabel("Send x-hasura-role").uncheck();
		assert.ok(JSON.parse(await run()).data.blog_author.length > 10);
		await page.getByLabel("Send x-hasura-role").check();
		await header("authorization", "Bearer not-to-be-kept");
		assert.equal(await page.getByLabel("Value of authorization", { exact: true }).getAttribute("type"), "password");
		await button("Hide or show the value of authorization").click();
		assert.equal(await page.getByLabel("Value of authorization", { exact: true }).getAttribute("type"), "text");
	});

	await step("profiles by name, kept in the browser without secrets", async () => {
		await button("Profiles").click();
		await profile("user 2");
		await page.getByLabel("Value of x-hasura-user-id", { exact: true }).fill("3");
		await button("Remove authorization").click();
		await profile("user 3");
		await page.reload();
		await settled(page);
		await button("Profiles").click();
		await button("Use the headers of user 2").click();
		assert.equal(await page.getByLabel("Value of x-hasura-user-id", { exact: true }).inputValue(), "2");
		assert.equal(await page.getByLabel("Value of authorization", { exact: true }).inputValue(), "");
		assert.ok(!(await page.evaluate(() => JSON.stringify(localStorage))).includes("not-to-be-kept"));
		await button("Use the headers of user 3").click();
		await page.getByLabel("Value of authorization", { exact: true }).waitFor({ state: "detached" });
		assert.deepEqual(JSON.parse(await run()), { data: { blog_author: [{ user_id: 3 }] } });
		await button("Forget the profile user 2").click();
		await button("Use the headers of user 2").waitFor({ state: "detached" });
		await button("Remove x-hasura-role").click();
		await button("Remove x-hasura-user-id").click();
	});

	await step("every digit of a variable arrives", async () => {
		await ask("sql", { text: `insert into blog_tag (id, name, slug) values (${BIG}, 'it''s "big" \\ \${x}', 'big')` });
		await write("Operation text", 'query First { blog_tag(limit: 1) { id } }\nquery Big($id: bigint!, $not: String = "a\\\\b\'c") { blog_tag(where: {id: {_eq: $id}, name: {_neq: $not}}) { id name } }');
		await page.getByRole("tab", { name: "Variables" }).click();
		await write("Variables", `{"id": ${BIG}}`);
		await page.getByLabel("Operation", { exact: true }).selectOption({ label: "Big" });
		const text = await run();
		assert.deepEqual(JSON.parse(text.replaceAll(BIG, `"${BIG}"`)), { data: { blog_tag: [{ id: BIG, name: 'it\'s "big" \\ ${x}' }] } });
		assert.ok((await page.getByLabel("Result").innerText()).includes(BIG));
	});

	await step("the code of each language asks the same and gets the same", async () => {
		await page.getByRole("tab", { name: /^Headers/ }).click();
		await header("x-hasura-role", "admin");
		const wanted = await run();
		await button("Code").click();
		const dialog = page.getByRole("dialog");
		const code = async (language) => {
			await dialog.getByLabel("Language").selectOption(language);
			await button("Copy").click();
			const text = await page.evaluate(() => navigator.clipboard.readText());
			assert.ok(text.includes(BIG) && !text.includes(secret), text);
			return text;
		};
		await dialog.getByLabel("Code", { exact: true }).waitFor();
		assert.equal((await ask("shell", { code: await code("curl") })).text, wanted);
		assert.equal((await ask("python", { code: await code("python") })).json, wanted);
		const AsyncFunction = (async () => {}).constructor;
		const fetched = await new AsyncFunction("HASURA_ADMIN_SECRET", `${await code("fetch")}; return { data, errors }`)(secret);
		assert.deepEqual(fetched, { data: JSON.parse(wanted).data, errors: undefined });
		await page.keyboard.press("Escape");
	});

	await step("history: the operation that was run, the role it was run as, what failed", async () => {
		await write("Operation text", "{ nowhere }");
		assert.match(await run(), /nowhere/);
		await page.getByRole("tab", { name: "History" }).click();
		await page.getByRole("button", { name: /nowhere.*failed/s }).waitFor();
		await page.getByRole("button", { name: /^query First.*admin/s }).first().click();
		assert.equal(await page.getByLabel("Operation", { exact: true }).locator("option:checked").innerText(), "Big");
		assert.ok((await run()).includes(BIG));
		await button("Forget all").click();
		await page.getByText("Nothing was run yet").waitFor();
		await page.getByRole("tab", { name: "Explorer" }).click();
	});

	await step("a subscription keeps every digit, and nothing comes after Stop", async () => {
		await write("Operation text", "subscription { blog_tag(where: {slug: {_eq: \"big\"}}) { id name } }");
		await button("Run").click();
		await page.getByText("1 result, listening").waitFor();
		assert.ok((await page.getByLabel("Result").innerText()).includes(BIG));
		await button("Stop").click();
		await page.getByText("1 result, stopped").waitFor();
		await ask("sql", { text: "update blog_tag set name = 'changed' where slug = 'big'" });
		await write("Operation text", "{ blog_tag(where: {slug: {_eq: \"big\"}}) { name } }");
		assert.match(await run(), /changed/);
		assert.equal(await page.getByText(/2 results/).count(), 0);
	});
});
