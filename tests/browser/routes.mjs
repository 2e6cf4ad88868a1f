// Every page of the console, found in its sources: opens by its address, in dark and in light, without an error, without
// a word to another host, without a serious finding of axe-core; everything on it is reached by Tab.
import { readdirSync, readFileSync } from "node:fs";
import { assert, checkAccessibility, settled, story } from "./lib/start.mjs";

const FEATURES = new URL("../../console/src/features/", import.meta.url);
const PLACES = { source: "default", schema: "public", kind: "tables", table: "blog_article" };

/** The patterns of `routes` in each feature.tsx, with their `const`s put in. */
function patterns() {
	const found = [];
	for (const name of readdirSync(FEATURES)) {
		const text = readFileSync(new URL(`${name}/feature.tsx`, FEATURES), "utf8");
		const consts = Object.fromEntries([...text.matchAll(/^const (\w+) = '([^']+)'/gm)].map((m) => [m[1], m[2]]));
		for (const [, value] of text.matchAll(/\bpath: ([^,\n]+),/g)) {
			const literal = /^['`]/.test(value) ? value.slice(1, -1) : `\${${value}}`;
			found.push(literal.replace(/\$\{(\w+)\}/g, (_, n) => consts[n] ?? assert.fail(`${name}: what is ${n}?`)));
		}
	}
	return found;
}

const address = (pattern) => pattern.replace(/:(\w+)/g, (_, n) => PLACES[n] ?? assert.fail(`${pattern}: nothing to put for ${n}`));
const MORE = ["/data/default/schema/public/tables/blog_article/permissions?role=user&op=select", "/data/nowhere/schema/public", "/no/such/page"];

/** Tab goes once around the page; what it reaches has a name. */
async function tabAround(page, where) {
	await page.evaluate(() => document.activeElement?.blur());
	const seen = new Set();
	for (let i = 0; i < 200; i++) {
		await page.keyboard.press("Tab");
		const at = await page.evaluate(() => {
			const e = document.activeElement;
			if (!e || e === document.body) return null;
			window.weirCount = (window.weirCount ?? 0) + 1;
			e.weirNumber ??= window.weirCount;
			const box = (e.labels?.[0] ?? e).getBoundingClientRect(); // a radio button may be drawn by its label
			const named = (e.getAttribute("aria-label") ?? e.getAttribute("aria-labelledby") ?? e.labels?.length ?? "") || e.textContent.trim() || e.title;
			const editor = e.closest(".cm-editor") !== null;
			return { number: e.weirNumber, named: !!named, size: box.width * box.height, editor, html: e.outerHTML.slice(0, 160) };
		});
		if (!at) continue; // the browser's own controls come between the end and the beginning
		if (seen.has(at.number)) break;
		assert.ok(at.named, `${where}: no name: ${at.html}`);
		assert.ok(at.size > 0, `${where}: the focus is on what cannot be seen: ${at.html}`);
		seen.add(at.number);
		if (at.editor) await page.keyboard.press("Escape"); // then Tab leaves the editor
	}
	return seen.size;
}

async function walk(visit, page, path) {
	await visit.go(path);
	await settled(page);
	assert.equal(await page.locator("h1").count(), 1, `${path}: one h1`);
	for (const colours of ["light", "dark"]) {
		await page.emulateMedia({ colorScheme: colours });
		await page.waitForFunction((c) => document.documentElement.dataset.mantineColorScheme === c, colours);
		if (process.env.WEIR_SHOTS) await visit.shot(`route${path.replace(/\W+/g, "-")}-${colours}`);
		await checkAccessibility(page, `${path} in ${colours}`);
	}
	assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${path}: wider than the window`);
	const reached = await tabAround(page, path);
	assert.ok(reached >= 5, `${path}: Tab reaches ${reached} things`);
}

await story("routes", async ({ visit, page, step }) => {
	await visit.go("/");
	await visit.login();
	const all = [...patterns().map(address), ...MORE];
	assert.ok(all.length > 6, "the routes were not found");
	const problems = [];
	for (const path of all)
		await step(path, async () => {
			try {
				await walk(visit, page, path);
				visit.check();
			} catch (error) {
				problems.push(error.message, ...visit.faults.splice(0));
			}
		});
	if (problems.length) assert.fail(problems.join("\n\n"));
});
