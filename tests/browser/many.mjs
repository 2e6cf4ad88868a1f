// 5,000 tables and 100 roles: the first useful sight, and what is done all the time, measured. The machine may be busy with
// other things, so the limits are on processor time: that of the page's process, which draws what it is told to.
import { ask, assert, story } from "./lib/start.mjs";

const PUBLIC = "/data/default/schema/public";

/** Processor seconds of the renderer processes so far. */
async function cpu(session) {
	const { processInfo } = await session.send("SystemInfo.getProcessInfo");
	return processInfo.filter((p) => p.type === "renderer").reduce((sum, p) => sum + p.cpuTime, 0);
}

await story(
	"many",
	async ({ visit, page, step }) => {
		const session = await visit.browser.newBrowserCDPSession();
		const figures = {};
		const slow = [];
		/** Runs what a user does until they see what they wanted; wall and processor time of the page, in ms. */
		const measure = async (name, act, seen, limit) => {
			const [cpuFrom, from] = [await cpu(session), performance.now()];
			await act();
			await seen.waitFor();
			await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
			const wall = performance.now() - from;
			const used = ((await cpu(session)) - cpuFrom) * 1000;
			figures[name] = { wall: Math.round(wall), cpu: Math.round(used) };
			console.log(`         ${name}: ${wall.toFixed(0)} ms, of them processor ${used.toFixed(0)} ms`);
			// Limits are for a machine of its own; beside other tests the same work takes up to half as much again.
			if (used > 1.5 * limit) slow.push(`${name}: ${used.toFixed(0)} ms of processor time, allowed are ${1.5 * limit}`);
		};
		const inSidebar = (text) => page.getByRole("complementary").getByText(text, { exact: true });

		await step("the first sight of an untracked database", async () => {
			await visit.go("/login"); // the browser's own start is not the console's
			await page.getByRole("navigation", { name: "Sections" }).waitFor();
			await page.goto("about:blank");
			await measure("first sight, untracked", () => visit.go(PUBLIC), page.getByRole("button", { name: "Track area00_thing0000" }), 1000);
		});
		await step("Track all in one call", async () => {
			const calls = [];
			page.on("request", (r) => /"type":"(pg_track|bulk)/.test(r.postData() ?? "") && calls.push(r.postDataJSON()));
			await measure("Track all", () => page.getByRole("button", { name: /^Track all/ }).click(), page.getByText("5000 tables are tracked."), 2000);
			assert.deepEqual(calls.map((c) => [c.type, c.args.tables.length]), [["pg_track_tables", 5000]]);
		});
		await step("Add all relationships in one call", async () => {
			await measure("Add all", () => page.getByRole("button", { name: /^Add all/ }).click(), page.getByText("9998 relationships were added."), 2500);
		});
		await step("a hundred roles", () => ask("roles"));
		await step("the first sight of a tracked database", async () => {
			await page.goto("about:blank");
			await measure("first sight, tracked", () => visit.go(PUBLIC), inSidebar("area00_thing0000"), 1000);
		});
		await step("the sidebar", async () => {
			await measure("find a table", () => page.getByLabel("Find a table").fill("thing4321"), inSidebar("area21_thing4321"), 400);
			await measure("a table's page", () => inSidebar("area21_thing4321").click(), page.getByRole("heading", { level: 1, name: "area21_thing4321" }), 500);
			await measure("all tables again", () => page.getByLabel("Find a table").fill(""), inSidebar("area00_thing0000"), 400);
		});
		await step("permissions of a hundred roles", async () => {
			const at = "/data/default/schema/public/tables/area01_thing0001/permissions";
			await measure("permissions", () => visit.go(at), page.getByRole("button", { name: /^role000: select/ }), 1000);
			await measure("find a role", () => page.getByLabel("Find a role").fill("role077"), page.getByRole("button", { name: /^role077: select/ }), 400);
			await measure("open a permission", () => page.getByRole("button", { name: /^role077: select/ }).click(), page.getByRole("form"), 600);
		});
		await step("the palette", async () => {
			await measure("palette opens", () => page.keyboard.press("Control+k"), page.getByPlaceholder("A table, a page"), 500);
			await measure("palette finds", () => page.getByPlaceholder("A table, a page").fill("thing3999 perm"), page.getByRole("button", { name: /area49_thing3999/ }).first(), 500);
			await page.keyboard.press("Escape");
		});

		const button = (name) => page.getByRole("button", { name, exact: true });
		const row = (key) => page.locator(`[data-row="${key}"]`);
		await step("the API explorer reads its schema by parts", async () => {
			const asked = [];
			page.on("request", (r) => r.url().endsWith("/v1/graphql") && asked.push(r.postDataJSON().query));
			await measure("API explorer", () => visit.go("/api/api-explorer"), row("query/area00_thing0000"), 2000);
			await measure("find a field", () => page.getByLabel("Find a field").fill("area21_thing4321"), row("query/area21_thing4321"), 400);
			await measure("open a field", () => row("query/area21_thing4321").locator("[aria-hidden]").first().click(), row("query/area21_thing4321/note"), 600);
			for (const column of ["note", "amount"]) await row(`query/area21_thing4321/${column}`).getByRole("presentation").click();
			const text = await page.getByLabel("Operation text").innerText();
			assert.equal(text.replace(/\s+/g, " ").trim(), "query MyQuery { area21_thing4321 { note amount } }");
			await button("Run").click();
			await page.locator('[role="status"]', { hasText: "Done" }).waitFor();
			assert.deepEqual(JSON.parse(await page.getByLabel("Result").innerText()), { data: { area21_thing4321: [] } });
			assert.deepEqual(asked.filter((q) => /types\s*\{/.test(q)), []);
		});
		await step("a first tick knows the column people look for", async () => {
			await page.getByLabel("Find a field").fill("area07_thing1107");
			await row("query/area07_thing1107").getByRole("presentation").click();
			await page.getByLabel("Operation text").getByText("area07_thing1107").waitFor();
			assert.match((await page.getByLabel("Operation text").innerText()).replace(/\s+/g, " "), /area07_thing1107 \{ id \}/);
		});
		await step("completion and mistakes of types that were not read before", async () => {
			await page.getByLabel("Operation text").click();
			await page.keyboard.press("Control+a");
			await page.keyboard.press("Delete");
			await page.keyboard.type("{ area33_thing0033 { us", { delay: 20 });
			await page.locator(".cm-tooltip-autocomplete").getByText("user_id").first().waitFor();
			await page.keyboard.press("Escape");
			await page.keyboard.press("Control+a");
			await page.keyboard.insertText("mutation { insert_area44_thing0044_one(object: {name: \"a\", nme: 1}) { id nme2 } }");
			await page.locator(".cm-lintRange-error", { hasText: /^nme/ }).first().waitFor();
			const wrong = () => page.locator(".cm-lintRange-error").allInnerTexts();
			assert.deepEqual([...new Set((await wrong()).join(" ").match(/nme2?|\bname\b|\bid\b|area\w+/g))].sort(), ["nme", "nme2"]);
		});
		await step("the docs read a type that is asked for", async () => {
			await page.getByRole("tab", { name: "Docs" }).click();
			await page.getByLabel("Search the docs").fill("area12_thing0012_bool_exp");
			await page.getByRole("button", { name: "area12_thing0012_bool_exp", exact: true }).click();
			await page.getByText("amount", { exact: true }).waitFor();
		});

		console.log(JSON.stringify(figures));
		assert.deepEqual(slow, []);
	},
	{},
);
