// The API explorer as it is used: variables from the tree, roles and profiles, history, plans, code, a subscription that goes on.
import { ask, assert, settled, story } from "./lib/start.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });

async function write(page, label, text) {
	await page.getByRole("textbox", { name: label, exact: true }).click();
	await page.keyboard.press("Control+a");
	await page.keyboard.press("Delete");
	await page.keyboard.insertText(text);
}

const result = async (page) => JSON.parse(await page.getByLabel("Result").innerText());

async function run(page) {
	const came = page.waitForResponse((r) => r.url().endsWith("/v1/graphql") && !r.request().postData().includes("__schema"));
	await button(page, "Run").click();
	return (await came).json();
}

await story("explorer", async ({ visit, page, step }) => {
	await visit.go("/api/api-explorer");
	await visit.login();
	await settled(page);
	await step("variables", async () => {
		await write(page, "Operation text", "query A($n: Int!) { blog_tag(limit: $n, order_by: {id: asc}) { id name } } query B { blog_tag(limit: 1) { id } }");
		await page.getByRole("tab", { name: "Variables" }).click();
		await write(page, "Variables", '{"n": 2}');
		assert.equal((await run(page)).data.blog_tag.length, 2);
		await page.locator('[role="status"]', { hasText: /Done\s*[\d.]+ ms\s*\d+ B/ }).waitFor();
		await page.getByLabel("Operation", { exact: true }).selectOption({ label: "B" });
		assert.equal((await run(page)).data.blog_tag.length, 1);
	});
	await step("explain", async () => {
		await write(page, "Operation text", "{ blog_article(limit: 3) { title author { name } } }");
		await button(page, "Explain").click();
		await page.getByText("Explained").waitFor();
		await page.getByText(/Seq Scan|Index Scan|Limit|Aggregate/).first().waitFor();
		await visit.keep("console-explain");
		await button(page, "Back to the result").click();
	});
	await step("a role by the list, its headers as a profile", async () => {
		await page.getByRole("tab", { name: /^Headers/ }).click();
		await page.getByLabel("Role", { exact: true }).selectOption("user");
		await page.getByRole("button", { name: /^Add x-hasura/ }).click();
		await page.getByLabel("Value of x-hasura-user-id", { exact: true }).fill("2");
		await button(page, "Profiles").click();
		await page.getByLabel("Name of the profile").fill("user 2");
		await button(page, "Save").click();
		await page.getByLabel("Role", { exact: true }).selectOption("");
		await button(page, "Use the headers of user 2").click();
		assert.equal(await page.getByLabel("Role", { exact: true }).inputValue(), "user");
		await write(page, "Operation text", "{ blog_author { user_id } }");
		assert.deepEqual((await run(page)).data.blog_author.map((a) => a.user_id), [2]);
	});
	await step("code without the secret", async () => {
		await button(page, "Code").click();
		const code = page.getByRole("dialog").getByLabel("Code", { exact: true });
		await code.waitFor();
		for (const [language, sign] of [["curl", /curl .*v1\/graphql/s], ["python", /requests\.post/], ["fetch", /fetch\(/]]) {
			await page.getByLabel("Language").selectOption(language);
			const text = await code.innerText();
			assert.match(text, sign);
			assert.ok(!text.includes(process.env.WEIR_SECRET), `${language} holds the secret`);
		}
		await page.keyboard.press("Escape");
	});
	await step("history", async () => {
		await page.getByRole("tab", { name: "History" }).click();
		await page.getByRole("button", { name: /blog_tag/ }).first().click();
		assert.match(await page.getByLabel("Operation text").innerText(), /blog_tag/);
		await page.getByRole("tab", { name: "Explorer" }).click();
	});
	await step("a subscription goes on until it is stopped", async () => {
		await page.getByLabel("Role", { exact: true }).selectOption("");
		await write(page, "Operation text", 'subscription { blog_tag(where: {slug: {_eq: "live"}}) { name } }');
		await button(page, "Run").click();
		await page.getByText("1 result, listening").waitFor();
		await ask("sql", { text: "insert into blog_tag (name, slug) values ('Live', 'live')" });
		await page.getByText("2 results, listening").waitFor();
		assert.deepEqual(await result(page), { data: { blog_tag: [{ name: "Live" }] } });
		await button(page, "Stop").click();
		await page.getByText("2 results, stopped").waitFor();
	});
	await step("search in the text is there when it is wanted", async () => {
		await page.getByLabel("Operation text").click();
		await page.keyboard.press("Control+f");
		await page.locator(".cm-search").getByPlaceholder("Find").waitFor();
	});
});
