// The server goes away while the console is open, and comes back: pages wait for it and go on by themselves.
import { ask, assert, checkAccessibility, settled, story } from "./lib/start.mjs";

const ROWS = "/data/default/schema/public/tables/article/browse";

await story("away", async ({ visit, page, step }) => {
	const main = page.getByRole("main");
	const away = page.getByText("The server cannot be reached. What is open here stays");
	visit.allow(/ERR_CONNECTION_REFUSED|Failed to fetch|preload CSS/);
	await visit.go("/data");
	await visit.login();
	await visit.go(ROWS);
	await settled(page);
	await main.getByText("of Ann").waitFor();

	await step("away: said at the top, and what was read stays", async () => {
		await ask("stop");
		await main.getByRole("button", { name: "Reload" }).click();
		await away.waitFor();
		await main.getByText("The rows cannot be read").waitFor();
		assert.equal(await main.getByText("of Ann").count(), 1);
		await checkAccessibility(page, "the server is away");
	});
	await step("pages that were never open wait", async () => {
		for (const path of ["/api/live", "/settings/inherited-roles", "/data/manage", "/data/sql"]) {
			await visit.visit(path);
			await main.getByText("Loading").first().waitFor();
		}
		assert.equal(await main.getByText("failed").count(), 0);
	});
	await step("back: they are there, with their style sheets", async () => {
		await ask("start");
		await main.getByText("No result yet").waitFor();
		await away.waitFor({ state: "detached" });
		for (const [path, title] of [["/api/live", "Live queries"], ["/settings/inherited-roles", "Inherited roles"], ["/data/manage", "Databases"]]) {
			await visit.visit(path);
			await main.getByRole("heading", { name: title, level: 1 }).waitFor();
		}
		const lost = () => [...document.querySelectorAll('link[rel="stylesheet"]')].filter((l) => !l.sheet).map((l) => l.href);
		assert.deepEqual(await page.evaluate(lost), []);
	});
	await step("and the rows are read again", async () => {
		await visit.visit(ROWS);
		await main.getByText("of Ann").waitFor();
		await ask("stop");
		await main.getByRole("button", { name: "Reload" }).click();
		await main.getByText("The rows cannot be read").waitFor();
		await ask("start");
		await main.getByText("The rows cannot be read").waitFor({ state: "detached" });
		await away.waitFor({ state: "detached" });
	});
});
