// API › Live: groups and cohorts as they run, a cohort watched from the page, the view paused.
import { ask, assert, checkAccessibility, story } from "./lib/start.mjs";

const main = (page) => page.getByRole("main");

await story("settings-live", async ({ visit, page, step }) => {
	await visit.go("/api/live");
	await visit.login();

	await step("nobody subscribes", async () => {
		await main(page).getByText("Nobody subscribes at the moment").waitFor();
	});

	await step("a group appears", async () => {
		await ask("subscribe");
		const group = main(page).getByRole("button", { name: /^Mine.*role user.*3 cohorts/ });
		await group.click();
		await checkAccessibility(page, "live queries");
	});

	const pane = page.getByRole("complementary", { name: "Mine" });
	await step("its cohorts, with their variables", async () => {
		const cohort = pane.getByRole("article", { name: /"x-hasura-user-id":"2"/ });
		await cohort.getByText("x-hasura-user-id: 2").waitFor();
		await cohort.getByText("n: 5").waitFor();
		await cohort.getByText("1 subscriber").waitFor();
		await pane.getByRole("tab", { name: "Operation" }).click();
		await pane.getByText("subscription Mine($n: Int)").waitFor();
		await pane.getByRole("tab", { name: "SQL" }).click();
		await pane.getByLabel("SQL of the group").waitFor();
		await pane.getByRole("tab", { name: /^Cohorts/ }).click();
		await cohort.getByRole("button", { name: "Watch" }).click();
		await pane.getByText("1 result,").waitFor();
	});

	await step("the last difference", async () => {
		await ask("change", { title: "another title" });
		await pane.getByText("2 results,").waitFor();
		await pane.locator(".cm-changedLine, .cm-insertedLine").filter({ hasText: "another title" }).first().waitFor();
		await pane.locator(".cm-deletedChunk, .cm-deletedLine").filter({ hasText: "one" }).first().waitFor();
	});

	await step("the view stands still while it is paused", async () => {
		await main(page).getByRole("button", { name: "Pause the view" }).click();
		await ask("change", { title: "unseen" });
		await pane.getByText("(1 more while the view is paused)").waitFor();
		assert.equal(await pane.getByText("unseen").count(), 0);
		await main(page).getByRole("button", { name: "Go on" }).click();
		await pane.getByText("unseen").first().waitFor();
	});

	await step("the cohort says when it changed last", async () => {
		await pane.getByRole("button", { name: "Back to the cohorts" }).click();
		const cohort = pane.getByRole("article", { name: /"x-hasura-user-id":"2"/ });
		await cohort.getByText(/^changed (now|\d+ s ago), \d+ B → \d+ B/).waitFor();
	});
});
