// The operation's text as a syntax tree and back. Only the definition that changes is printed anew: comments, fragments
// and other operations stay as they were written.
import {
	type ArgumentNode,
	type DefinitionNode,
	type DocumentNode,
	type FieldNode,
	Kind,
	type OperationDefinitionNode,
	OperationTypeNode,
	parse,
	print,
	type SelectionNode,
	type SelectionSetNode,
	visit,
} from 'graphql';

export interface ParsedText {
	text: string;
	document: DocumentNode | null;
	/** Why there is no document. */
	error: string | null;
}

export function parseText(text: string): ParsedText {
	if (text.trim() === '' || isOnlyComments(text))
		return { text, document: { kind: Kind.DOCUMENT, definitions: [] }, error: null };
	try {
		return { text, document: parse(text), error: null };
	} catch (e) {
		return { text, document: null, error: e instanceof Error ? e.message : String(e) };
	}
}

function isOnlyComments(text: string): boolean {
	return text.split('\n').every((line) => /^\s*(#.*)?$/.test(line));
}

export function operationsOf(document: DocumentNode | null): OperationDefinitionNode[] {
	return (document?.definitions ?? []).filter((d) => d.kind === Kind.OPERATION_DEFINITION);
}

export function operationLabel(op: OperationDefinitionNode, index: number): string {
	return op.name?.value ?? `${op.operation} ${index + 1}`;
}

/** Index of the operation with that name; the first one without. */
export function operationNamed(document: DocumentNode | null, name: string | undefined): number {
	return Math.max(
		0,
		operationsOf(document).findIndex((o) => o.name?.value === name),
	);
}

/** The operation at a place in the text; the first one if the place is outside of all. */
export function operationAt(document: DocumentNode | null, offset: number): number {
	const found = operationsOf(document).findIndex((o) => o.loc && o.loc.start <= offset && offset <= o.loc.end);
	return found < 0 ? 0 : found;
}

/** A way from the operation to one of its fields: response keys (alias or name). */
export type FieldPath = readonly string[];

export const responseKey = (f: FieldNode) => f.alias?.value ?? f.name.value;

export const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

export function fieldAt(op: OperationDefinitionNode, path: FieldPath): FieldNode | undefined {
	let set: SelectionSetNode | undefined = op.selectionSet;
	let found: FieldNode | undefined;
	for (const key of path) {
		found = set?.selections.find((s): s is FieldNode => s.kind === Kind.FIELD && responseKey(s) === key);
		if (!found) return undefined;
		set = found.selectionSet;
	}
	return found;
}

function withSelections<N extends OperationDefinitionNode | FieldNode>(node: N, selections: SelectionNode[]): N {
	return { ...node, selectionSet: { kind: Kind.SELECTION_SET, selections } };
}

function mapSelections<N extends OperationDefinitionNode | FieldNode>(
	node: N,
	path: FieldPath,
	change: (list: readonly SelectionNode[]) => SelectionNode[],
): N {
	const list = node.selectionSet?.selections ?? [];
	const [first, ...rest] = path;
	if (first === undefined) return withSelections(node, change(list));
	return withSelections(
		node,
		list.map((s) => (s.kind === Kind.FIELD && responseKey(s) === first ? mapSelections(s, rest, change) : s)),
	);
}

/** Adds a field below `path`. A `__typename` that only held the place goes. */
export function addField(op: OperationDefinitionNode, path: FieldPath, field: FieldNode): OperationDefinitionNode {
	return mapSelections(op, path, (list) => {
		const only = list.length === 1 ? list[0] : undefined;
		const held = only?.kind === Kind.FIELD && only.name.value === '__typename' && field.name.value !== '__typename';
		return [...(held ? [] : list), field];
	});
}

/** Removes a field; an object that loses its last one keeps `__typename`, which is the least that is valid. */
export function removeField(op: OperationDefinitionNode, path: FieldPath): OperationDefinitionNode {
	const parent = path.slice(0, -1);
	const key = path[path.length - 1];
	return mapSelections(op, parent, (list) => {
		const left = list.filter((s) => !(s.kind === Kind.FIELD && responseKey(s) === key));
		return left.length === 0 && parent.length > 0 ? [TYPENAME] : left;
	});
}

export function changeField(
	op: OperationDefinitionNode,
	path: FieldPath,
	change: (field: FieldNode) => FieldNode,
): OperationDefinitionNode {
	const key = path[path.length - 1];
	return mapSelections(op, path.slice(0, -1), (list) =>
		list.map((s) => (s.kind === Kind.FIELD && responseKey(s) === key ? change(s) : s)),
	);
}

export function setArguments(field: FieldNode, list: ArgumentNode[]): FieldNode {
	return { ...field, arguments: list };
}

/** Names of the variables used in a definition. */
export function variablesIn(node: DefinitionNode): Set<string> {
	const found = new Set<string>();
	visit(node, {
		enter(n) {
			if (n.kind === Kind.VARIABLE_DEFINITION) return false;
			if (n.kind === Kind.VARIABLE) found.add(n.name.value);
			return undefined;
		},
	});
	return found;
}

/** Drops definitions of variables that `before` used and nothing uses any more. */
function withoutLostVariables(
	document: DocumentNode,
	before: OperationDefinitionNode,
	after: OperationDefinitionNode,
): OperationDefinitionNode {
	const was = variablesIn(before);
	const is = variablesIn(after);
	for (const d of document.definitions)
		if (d.kind === Kind.FRAGMENT_DEFINITION) for (const name of variablesIn(d)) is.add(name);
	const left = after.variableDefinitions?.filter((v) => {
		const name = v.variable.name.value;
		return is.has(name) || !was.has(name);
	});
	return { ...after, variableDefinitions: left };
}

export interface Edit {
	text: string;
	/** Index of the operation that was edited; -1 when it is gone. */
	operation: number;
}

/** Applies `change` to one operation and puts its text in the place of the old. */
export function editOperation(
	parsed: ParsedText,
	index: number,
	change: (op: OperationDefinitionNode) => OperationDefinitionNode,
): Edit {
	const { document, text } = parsed;
	const op = operationsOf(document)[index];
	if (!document || !op?.loc) return { text, operation: index };
	const made = withoutLostVariables(document, op, change(op));
	const { start, end } = op.loc;
	if (made.selectionSet.selections.length === 0) {
		const rest = `${text.slice(0, start).trimEnd()}\n\n${text.slice(end).trimStart()}`.trim();
		return { text: rest === '' ? '' : `${rest}\n`, operation: -1 };
	}
	const tail = text.slice(end);
	return { text: text.slice(0, start) + print(made) + (tail === '' ? '\n' : tail), operation: index };
}

const KEYWORD: Record<string, OperationTypeNode> = {
	query: OperationTypeNode.QUERY,
	mutation: OperationTypeNode.MUTATION,
	subscription: OperationTypeNode.SUBSCRIPTION,
};

/** Adds an operation with one field at the end of the text, under a name nobody has. */
export function addOperation(parsed: ParsedText, type: string, field: FieldNode): Edit {
	const taken = new Set(operationsOf(parsed.document).map((o) => o.name?.value));
	const base = `My${type[0]?.toUpperCase() ?? ''}${type.slice(1)}`;
	let name = base;
	for (let n = 2; taken.has(name); n++) name = `${base}${n}`;
	const op: OperationDefinitionNode = {
		kind: Kind.OPERATION_DEFINITION,
		operation: KEYWORD[type] ?? OperationTypeNode.QUERY,
		name: { kind: Kind.NAME, value: name },
		selectionSet: { kind: Kind.SELECTION_SET, selections: [field] },
	};
	const before = parsed.text.trimEnd();
	return {
		text: `${before === '' ? '' : `${before}\n\n`}${print(op)}\n`,
		operation: taken.size === 0 ? 0 : operationsOf(parsed.document).length,
	};
}

/** The whole text in the usual layout. Comments are lost by it, so text with comments is only re-indented by definition. */
export function prettify(text: string): string {
	const { document } = parseText(text);
	if (!document || document.definitions.length === 0) return text;
	let out = '';
	let at = 0;
	for (const d of document.definitions) {
		const start = d.loc?.start ?? 0;
		const end = d.loc?.end ?? 0;
		const between = text.slice(at, start).trim();
		const body = text.slice(start, end);
		if (between) out += `${between}\n`;
		out += `${/#/.test(body.replace(/"(?:[^"\\\n]|\\.)*"/g, '')) ? body : print(d)}\n\n`;
		at = end;
	}
	return `${(out + text.slice(at).trim()).trim()}\n`;
}
