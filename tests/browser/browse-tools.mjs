// What the scenarios of browse.mjs share: a browser of their own, the server, and small steps on the grid.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(new URL("../../console/package.json", import.meta.url));
const { chromium } = require("playwright-core");

export { assert };
export const url = process.env.WEIR_URL;
export const secret = process.env.WEIR_SECRET;
export const axeSource = () => require.resolve("axe-core/axe.min.js");

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync"];

/** Opens a browser, logged in; errors of the page and calls to other hosts fail the scenario. */
export async function withPage(play, { scheme = "light", width = 1400, height = 800 } = {}) {
	const folder = mkdtempSync(join(tmpdir(), "weir-browse-"));
	const context = await chromium.launchPersistentContext(folder, {
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		headless: true, args: FLAGS, viewport: { width, height }, colorScheme: scheme, acceptDownloads: true,
		permissions: ["clipboard-read", "clipboard-write"],
	});
	const wrong = [];
	try {
		await context.addInitScript((s) => sessionStorage.setItem("weir.admin-secret", s), secret);
		const page = context.pages()[0] ?? (await context.newPage());
		page.on("pageerror", (e) => wrong.push(String(e)));
		page.on("console", (m) => {
			if (m.type() === "error" && !/status of 4\d\d/.test(m.text())) wrong.push(m.text());
		});
		page.on("request", (r) => {
			if (!r.url().startsWith(url) && !/^(data|blob):/.test(r.url())) wrong.push(`asks ${r.url()}`);
		});
		page.setDefaultTimeout(60000);
		await play(page).catch(async (e) => {
			const shot = process.env.WEIR_TMP && join(process.env.WEIR_TMP, "failed.png");
			if (shot) await page.screenshot({ path: shot });
			const alerts = await page.getByRole("alert").allInnerTexts();
			throw Object.assign(e, { wrong, alerts, at: page.url(), shot });
		});
		assert.deepEqual(wrong, []);
	} finally {
		await context.close();
		rmSync(folder, { recursive: true, force: true });
	}
}

async function post(path, body) {
	const answer = await fetch(`${url}/${path}`, {
		method: "POST", headers: { "content-type": "application/json", "x-hasura-admin-secret": secret }, body: JSON.stringify(body),
	});
	const found = await answer.json();
	assert.equal(answer.status, 200, JSON.stringify(found));
	return found;
}

/** Rows of a statement as lists of texts. */
export const sql = async (text) => (await post("v2/query", { type: "run_sql", args: { sql: text } })).result?.slice(1);

export const tablePath = (table, rest = "browse", { source = "default", schema = "public" } = {}) =>
	`${url}/console/data/${source}/schema/${schema}/tables/${table}/${rest}`;

/** The grid of a table, with its first row there. */
export async function openRows(page, table, search = "", options = {}) {
	await page.goto(tablePath(table, "browse", options) + search);
	const grid = page.getByRole("grid");
	await grid.waitFor();
	if (!options.empty) await grid.locator('[role=row][aria-rowindex]:not([aria-rowindex="1"])').first().waitFor();
	return grid;
}

/** Cell of the row with that number (from 1) under the heading. */
export function cell(page, row, column) {
	return page.locator(`[role=row][aria-rowindex="${row + 1}"] [role=gridcell][aria-colindex]`).and(
		page.locator(`[data-column=${JSON.stringify(column)}]`));
}

export const texts = (locator) => locator.allInnerTexts().then((all) => all.map((t) => t.trim()));

/** Presses keys on the grid, one after the other. */
export async function keys(page, ...list) {
	for (const key of list) await page.keyboard.press(key);
}

export async function until(check, what, ms = 60000) {
	const end = Date.now() + ms;
	for (;;) {
		const found = await check();
		if (found) return found;
		if (Date.now() > end) assert.fail(`not within ${ms} ms: ${what}`);
		await new Promise((done) => setTimeout(done, 50));
	}
}
