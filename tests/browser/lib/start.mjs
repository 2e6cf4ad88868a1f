// What the scripts here share: a browser with a new profile, and what no page of the console may do: write an error to the
// browser's console, throw, break its Content-Security-Policy, or ask another host for anything. A script is started by
// tests/lib/browser.py; it ends with status 0 when all was as it should be.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const tools = createRequire(new URL("../../../console/package.json", import.meta.url));
const { chromium } = tools("playwright-core");

export { assert };
export const url = process.env.WEIR_URL;
export const secret = process.env.WEIR_SECRET ?? "";
export const scheme = process.env.WEIR_SCHEME ?? "light";
/** Folder of the screenshots. */
export const results = process.env.WEIR_RESULTS;

const FLAGS = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];
const WAIT = Number(process.env.WEIR_WAIT ?? 60_000);

let lines;

/** Asks the test that started this script, which restarts servers and runs programs; its answer. */
export async function ask(what, args = {}) {
	lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
	console.log(`ask ${JSON.stringify({ what, ...args })}`);
	const { value, done } = await lines.next();
	assert.ok(!done, "the test that started this script went away");
	const answer = JSON.parse(value);
	assert.ok(!answer.error, answer.error);
	return answer;
}

/** A page with the guards. `allow(pattern)`: errors of the browser's console that the script is about to provoke. */
class Visit {
	constructor(browser, context, page) {
		Object.assign(this, { browser, context, page, faults: [], allowed: [], origins: new Set([new URL(url).origin]) });
		this.asked = 0;
	}

	allow(pattern) {
		this.allowed.push(pattern);
	}

	fault(text) {
		if (!this.allowed.some((a) => a.test(text))) this.faults.push(text);
	}

	/** Fails if a page did what none may do. */
	check() {
		const found = this.faults.splice(0);
		if (found.length) assert.fail(`${this.page.url()}:\n${found.join("\n")}`);
	}

	/** Path below /console. */
	async go(path, base = url) {
		this.origins.add(new URL(base).origin);
		await this.page.goto(`${base}/console${path}`);
	}

	/** The address of another server, as somebody gave it. */
	async open(address) {
		this.origins.add(new URL(address).origin);
		await this.page.goto(address);
	}

	/** By the router, as a click on a link does it: the page is not loaded again. */
	async visit(path) {
		await this.page.evaluate((to) => {
			history.pushState(null, "", `${new URL(document.baseURI).pathname.replace(/\/$/, "")}${to}`);
		}, path);
	}

	/** At the login page; with a wrong secret it stays there. */
	async login(value = secret) {
		await this.page.getByRole("textbox", { name: "Admin secret" }).fill(value);
		await this.page.getByRole("button", { name: "Enter" }).click();
		if (value === secret) await this.page.getByRole("navigation", { name: "Sections" }).waitFor();
	}

	/** A screenshot in the folder of results; its path. */
	async shot(name, options = {}) {
		const path = join(results, `${name}.png`);
		await this.page.screenshot({ path, animations: "disabled", ...options });
		return path;
	}

	/** A picture of the documentation: written where WEIR_IMAGES says, else a screenshot as any other. */
	async keep(name, options = {}) {
		const folder = process.env.WEIR_IMAGES ?? results;
		const messages = (shown) =>
			this.page.evaluate((to) => document.querySelectorAll(".mantine-Notifications-root").forEach((e) => { e.style.visibility = to; }), shown);
		await messages("hidden");
		await this.page.screenshot({ path: join(folder, `${name}${scheme === "dark" ? "-dark" : ""}.png`), animations: "disabled", ...options });
		await messages("");
	}
}

function guard(visit, context) {
	context.on("console", (message) => {
		if (message.type() === "error") visit.fault(`console error: ${message.text()} (${message.location().url})`);
	});
	context.on("weberror", (error) => visit.fault(`page error: ${error.error().stack || error.error()}`));
	context.on("request", (request) => {
		visit.asked += 1;
		const to = new URL(request.url());
		if (!/^(data|blob):$/.test(to.protocol) && !visit.origins.has(to.origin)) visit.fault(`outside request: ${request.url()}`);
	});
	context.on("page", (page) =>
		page.on("websocket", (socket) => {
			const origin = new URL(socket.url().replace(/^ws/, "http")).origin;
			if (!visit.origins.has(origin)) visit.fault(`outside socket: ${socket.url()}`);
		}),
	);
}

/** A visitor with an empty browser. Close it with `visit.browser.close()`; `story` does that. */
export async function open(options = {}) {
	const browser = await chromium.launch({ executablePath: process.env.WEIR_CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
	const context = await browser.newContext({
		colorScheme: scheme,
		viewport: { width: 1280, height: 800 },
		permissions: ["clipboard-read", "clipboard-write"],
		...options,
	});
	context.setDefaultTimeout(WAIT);
	const visit = new Visit(browser, context, null);
	guard(visit, context);
	await context.exposeBinding("weirViolation", (_source, text) => visit.fault(`policy: ${text}`));
	await context.addInitScript(() => {
		document.addEventListener("securitypolicyviolation", (e) =>
			window.weirViolation(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`),
		);
	});
	visit.page = await context.newPage();
	return visit;
}

/** Runs a script of steps: `await step("what", async () => …)`. What fails is named, with a screenshot of the page. */
export async function story(name, play, options) {
	mkdirSync(results, { recursive: true });
	const visit = await open(options);
	let at = "the beginning";
	const step = async (what, run) => {
		at = what;
		const from = performance.now();
		const found = await run();
		visit.check();
		console.log(`${(performance.now() - from).toFixed(0).padStart(6)} ms  ${what}`);
		return found;
	};
	try {
		await play({ visit, page: visit.page, step });
		visit.check();
	} catch (error) {
		console.log(`FAILED at: ${at}\n${error.stack ?? error}`);
		if (visit.faults.length) console.log(`besides:\n${visit.faults.join("\n")}`);
		console.log(`page: ${visit.page.url()}`);
		console.log(`screenshot: ${await visit.shot(`${name}-${scheme}-failed`).catch((e) => `none (${e.message})`)}`);
		process.exitCode = 1;
	}
	await visit.browser.close();
	process.stdin.destroy();
}

let axe;

/** What moves or fades comes to its end: in the middle of a change of colours no contrast is the page's own. */
async function still(page) {
	await page.evaluate(async () => {
		const ending = () => document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity);
		do {
			// The end of one, as of an inherited colour, can start another.
			await Promise.allSettled(ending().map((a) => a.finished));
			await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
		} while (ending().length > 0);
	});
}

/** Serious and critical findings of axe-core on the page as it stands. */
export async function checkAccessibility(page, where) {
	axe ??= readFileSync(tools.resolve("axe-core/axe.min.js"), "utf8");
	await page.evaluate(axe);
	await still(page);
	const found = await page.evaluate(() =>
		window.axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }),
	);
	const bad = found.violations.filter((v) => v.impact === "serious" || v.impact === "critical");
	const told = bad.map((v) => `${v.impact} ${v.id}: ${v.help}\n${v.nodes.slice(0, 5).map((n) => `   ${n.html.slice(0, 200)}\n      ${(n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? ""}`).join("\n")}`);
	if (bad.length) assert.fail(`accessibility of ${where}:\n${told.join("\n")}`);
}

/** Presses Tab until what has the focus matches; then the page is where a keyboard's user would be. */
export async function tabTo(page, locator, { back = false, most = 150 } = {}) {
	const key = back ? "Shift+Tab" : "Tab";
	for (let i = 0; i < most; i++) {
		if ((await locator.count()) > 0 && (await locator.first().evaluate((e) => e === document.activeElement || e.contains(document.activeElement)))) return;
		await page.keyboard.press(key);
	}
	const name = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 300));
	assert.fail(`${most} times ${key} did not reach ${locator}; the focus is at ${name}`);
}

/** Until nothing is being loaded: no request under way, no “Loading…”. */
export async function settled(page) {
	await page.waitForLoadState("networkidle");
	await page.waitForFunction(() => document.querySelector("h1") && !document.querySelector('main [role="status"] .mantine-Loader-root'));
}
