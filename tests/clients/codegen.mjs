// graphql-codegen: types for the server's schema and some operations, which TypeScript then accepts; and graphql-js takes the
// schema as valid.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "@graphql-codegen/cli";
import { buildClientSchema, getIntrospectionQuery, printSchema, validateSchema } from "graphql";
import ts from "typescript";
import { assert, headers, url } from "./start.mjs";

const options = { descriptions: true, specifiedByUrl: false, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: false };
const answer = await fetch(url, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify({ query: getIntrospectionQuery(options) }) });
const { data, errors } = await answer.json();
assert.equal(errors, undefined);
const schema = buildClientSchema(data);
assert.deepEqual(validateSchema(schema), []);
assert.match(printSchema(schema), /type author \{/);

// Below this folder, where TypeScript finds what the types lean on.
const folder = mkdtempSync(join(import.meta.dirname, ".codegen-"));
try {
	writeFileSync(
		join(folder, "operations.graphql"),
		`query Authors($where: author_bool_exp!, $order: [author_order_by!]) { author(where: $where, order_by: $order) { id name articles { title } } author_aggregate { aggregate { count max { name } } } }
mutation Add($objects: [author_insert_input!]!, $conflict: author_on_conflict) { insert_author(objects: $objects, on_conflict: $conflict) { affected_rows returning { id } } }
subscription Live($id: Int!) { author_by_pk(id: $id) { name } }`,
	);
	const types = join(folder, "types.ts");
	await generate({ schema: [{ [url]: { headers } }], documents: join(folder, "*.graphql"), generates: { [types]: { plugins: ["typescript", "typescript-operations"] } }, silent: true, errorsOnly: true }, true);
	const use = join(folder, "use.ts");
	writeFileSync(
		use,
		`import type { AuthorsQuery, AuthorsQueryVariables, Author_Constraint } from "./types";
export const variables: AuthorsQueryVariables = { where: { name: { _like: "A%" }, articles: { title: { _is_null: false } } }, order: [{ name: "asc" as any }] };
export const titles = (data: AuthorsQuery): string[] => data.author.flatMap((one) => one.articles.map((article) => article.title));
export const count = (data: AuthorsQuery): number | undefined => data.author_aggregate.aggregate?.count;
export type Key = Author_Constraint;
`,
	);
	const program = ts.createProgram([types, use], { strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, skipLibCheck: true, types: [] });
	const said = ts.getPreEmitDiagnostics(program).map((one) => ts.flattenDiagnosticMessageText(one.messageText, "\n"));
	assert.deepEqual(said, []);
} finally {
	rmSync(folder, { recursive: true, force: true });
}
