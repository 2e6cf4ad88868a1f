// The request as the page stands.
import { parseKept } from '@/model/exactJson';
import { operationsOf, parseText } from './model/document';
import type { Operation } from './run';
import { useExplorer } from './store';

export function readVariables(text: string): Record<string, unknown> {
	if (text.trim() === '') return {};
	let found: unknown;
	try {
		found = parseKept(text);
	} catch (e) {
		throw new Error(`The variables are not JSON: ${e instanceof Error ? e.message : String(e)}`);
	}
	if (found === null || typeof found !== 'object' || Array.isArray(found))
		throw new Error('The variables are not a JSON object.');
	return found as Record<string, unknown>;
}

/** The request as the page stands; throws what is wrong with it. */
export function currentOperation(): { op: Operation; type: string } {
	const s = useExplorer.getState();
	const { document, error } = parseText(s.text);
	if (!document) throw new Error(error ?? 'The text is not GraphQL.');
	const operations = operationsOf(document);
	const chosen = operations[s.operation] ?? operations[0];
	if (!chosen) throw new Error('There is no operation to run: tick a field on the left, or write one.');
	const operationName = chosen.name?.value;
	// The server refuses variables that the operation does not have; here they may be of another one, or of the text before.
	const own = new Set(chosen.variableDefinitions?.map((v) => v.variable.name.value));
	const variables = Object.fromEntries(Object.entries(readVariables(s.variables)).filter(([name]) => own.has(name)));
	return { op: { query: s.text, variables, operationName }, type: chosen.operation };
}
