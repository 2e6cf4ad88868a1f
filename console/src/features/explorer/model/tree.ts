// The tree beside the text: rows of what the schema offers, ticked where the operation has it.
import {
	type FieldNode,
	type GraphQLArgument,
	type GraphQLField,
	type GraphQLInputType,
	type GraphQLObjectType,
	type GraphQLSchema,
	getNamedType,
	isCompositeType,
	isEnumType,
	isInterfaceType,
	isLeafType,
	isListType,
	isObjectType,
	isRequiredArgument,
	Kind,
	type OperationDefinitionNode,
	type SelectionSetNode,
	type ValueNode,
} from 'graphql';
import {
	addField,
	addOperation,
	changeField,
	type Edit,
	editOperation,
	type FieldPath,
	fieldAt,
	operationsOf,
	type ParsedText,
	parseText,
	removeField,
	responseKey,
	TYPENAME,
} from './document';
import { isPlaceholder } from './parts';
import {
	addVariable,
	defaultValue,
	type InputThing,
	inputObject,
	nullable,
	requiredArguments,
	setValue,
	typedValue,
	type ValuePath,
	valueAt,
} from './values';

export const ROOTS = ['query', 'mutation', 'subscription'] as const;
export type RootName = (typeof ROOTS)[number];

interface RowBase {
	key: string;
	depth: number;
	label: string;
	description?: string;
	expandable: boolean;
	expanded: boolean;
}

export interface RootRow extends RowBase {
	kind: 'root';
	root: RootName;
	count: number;
}

export interface FieldRow extends RowBase {
	kind: 'field';
	root: RootName;
	/** Where it is, or would be. */
	path: FieldPath;
	type: string;
	checked: boolean;
	alias?: string;
	deprecated?: string;
}

export interface ValueRow extends RowBase {
	kind: 'value';
	root: RootName;
	path: FieldPath;
	valuePath: ValuePath;
	type: string;
	input: GraphQLInputType;
	checked: boolean;
	required: boolean;
	value?: ValueNode;
	/** How it is edited: not at all for objects, whose fields are rows of their own. */
	editor: 'none' | 'text' | 'choice';
	choices?: string[];
}

/** A fragment in the selection: shown, edited in the text only. */
export interface NoteRow extends RowBase {
	kind: 'note';
}

export interface MoreRow extends RowBase {
	kind: 'more';
	hidden: number;
}

export type Row = RootRow | FieldRow | ValueRow | NoteRow | MoreRow;

export interface TreeView {
	/** Opened or closed by hand; what is not in it is open if the operation has it. */
	open: ReadonlyMap<string, boolean>;
	filter: string;
	/** At most so many fields below one root are listed. */
	limit: number;
}

const MAX_DEPTH = 24;

export function rootType(schema: GraphQLSchema, root: RootName): GraphQLObjectType | undefined {
	if (root === 'query') return schema.getQueryType() ?? undefined;
	if (root === 'mutation') return schema.getMutationType() ?? undefined;
	return schema.getSubscriptionType() ?? undefined;
}

/** Which of the text's operations a root's rows are about: the chosen one if it fits, else the first of its kind. */
export function operationFor(operations: OperationDefinitionNode[], root: RootName, chosen: number): number {
	return operations[chosen]?.operation === root ? chosen : operations.findIndex((o) => o.operation === root);
}

class Builder {
	readonly rows: Row[] = [];
	constructor(
		readonly schema: GraphQLSchema,
		readonly view: TreeView,
		readonly root: RootName,
	) {}

	isOpen(key: string, usual: boolean): boolean {
		return this.view.open.get(key) ?? usual;
	}

	fields(type: GraphQLObjectType, set: SelectionSetNode | undefined, path: FieldPath, depth: number, key: string) {
		const chosen = new Map<string, FieldNode[]>();
		for (const s of set?.selections ?? [])
			if (s.kind === Kind.FIELD) chosen.set(s.name.value, [...(chosen.get(s.name.value) ?? []), s]);
		this.notes(set, depth, key);
		const words = path.length === 0 ? this.view.filter.toLowerCase() : '';
		let listed = 0;
		let hidden = 0;
		for (const field of Object.values(type.getFields())) {
			const nodes = chosen.get(field.name);
			if (!nodes && words && !field.name.toLowerCase().includes(words)) continue;
			if (!nodes && listed >= this.view.limit) {
				hidden++;
				continue;
			}
			listed++;
			for (const node of nodes ?? [undefined]) this.field(field, node, path, depth, key);
		}
		if (hidden > 0)
			this.rows.push({
				kind: 'more',
				key: `${key}+`,
				depth,
				label: `${hidden} more: type to find them`,
				hidden,
				expandable: false,
				expanded: false,
			});
	}

	notes(set: SelectionSetNode | undefined, depth: number, key: string) {
		for (const [i, s] of (set?.selections ?? []).entries()) {
			if (s.kind === Kind.FIELD) continue;
			const label =
				s.kind === Kind.FRAGMENT_SPREAD ? `...${s.name.value}` : `... on ${s.typeCondition?.name.value ?? ''}`;
			this.rows.push({
				kind: 'note',
				key: `${key}/#${i}`,
				depth,
				label,
				description: 'A fragment: edit it in the text',
				expandable: false,
				expanded: false,
			});
		}
	}

	field(
		field: GraphQLField<unknown, unknown>,
		node: FieldNode | undefined,
		parent: FieldPath,
		depth: number,
		above: string,
	) {
		const name = node ? responseKey(node) : field.name;
		const path = [...parent, name];
		const key = `${above}/${name}`;
		const inner = getNamedType(field.type);
		const composite = isCompositeType(inner);
		const expandable = (composite || field.args.length > 0) && depth < MAX_DEPTH;
		const expanded =
			expandable && this.isOpen(key, node !== undefined && (composite || (node.arguments?.length ?? 0) > 0));
		this.rows.push({
			kind: 'field',
			key,
			depth,
			label: field.name,
			alias: node?.alias?.value,
			root: this.root,
			path,
			type: String(field.type),
			checked: node !== undefined,
			description: field.description ?? undefined,
			deprecated: field.deprecationReason ?? undefined,
			expandable,
			expanded,
		});
		if (!expanded) return;
		for (const arg of field.args) this.value(arg, node, path, [arg.name], depth + 1, `${key}(`);
		if (isObjectType(inner)) this.fields(inner, node?.selectionSet, path, depth + 1, key);
	}

	value(
		thing: InputThing,
		node: FieldNode | undefined,
		path: FieldPath,
		valuePath: ValuePath,
		depth: number,
		above: string,
	) {
		const key = `${above}/${thing.name}`;
		const object = inputObject(thing.type);
		const value = valueAt(node, valuePath);
		const type = nullable(thing.type);
		const choices = isEnumType(type)
			? type.getValues().map((v) => v.name)
			: String(type) === 'Boolean'
				? ['true', 'false']
				: undefined;
		const asVariable = value?.kind === Kind.VARIABLE;
		const expandable = object !== undefined && !asVariable && depth < MAX_DEPTH;
		const expanded = expandable && this.isOpen(key, value !== undefined);
		this.rows.push({
			kind: 'value',
			key,
			depth,
			label: thing.name,
			root: this.root,
			path,
			valuePath,
			type: String(thing.type),
			input: thing.type,
			checked: value !== undefined,
			required: isRequiredArgument(thing as GraphQLArgument),
			value,
			description: thing.description ?? undefined,
			editor: !value || (object && !asVariable) ? 'none' : choices && !asVariable ? 'choice' : 'text',
			choices,
			expandable,
			expanded,
		});
		if (!expanded || !object) return;
		for (const f of Object.values(object.getFields()))
			this.value(f, node, path, [...valuePath, f.name], depth + 1, key);
	}
}

/** All rows that are visible now. */
export function buildRows(schema: GraphQLSchema, parsed: ParsedText, chosen: number, view: TreeView): Row[] {
	const operations = operationsOf(parsed.document);
	const rows: Row[] = [];
	for (const root of ROOTS) {
		const type = rootType(schema, root);
		if (!type) continue;
		const op = operations[operationFor(operations, root, chosen)];
		const b = new Builder(schema, view, root);
		const count = op?.selectionSet.selections.length ?? 0;
		const expanded = b.isOpen(root, root === 'query' || count > 0) || (view.filter !== '' && !isPlaceholder(type));
		rows.push({
			kind: 'root',
			key: root,
			depth: 0,
			label: root,
			root,
			count,
			expandable: true,
			expanded,
			description: type.description ?? undefined,
		});
		if (!expanded) continue;
		b.fields(type, op?.selectionSet, [], 1, root);
		rows.push(...b.rows);
	}
	return rows;
}

/** A new selection of a field: arguments it needs, and of an object the column people look for first. */
export function newField(field: GraphQLField<unknown, unknown>, depth = 0): FieldNode {
	const inner = getNamedType(field.type);
	const args = requiredArguments(field.args);
	const node: FieldNode = {
		kind: Kind.FIELD,
		name: { kind: Kind.NAME, value: field.name },
		...(args.length > 0 ? { arguments: args } : {}),
	};
	if (!isCompositeType(inner)) return node;
	return { ...node, selectionSet: { kind: Kind.SELECTION_SET, selections: [firstField(inner, depth)] } };
}

function firstField(type: unknown, depth: number): FieldNode {
	if (!isObjectType(type) && !isInterfaceType(type)) return TYPENAME;
	const fields = Object.values(type.getFields());
	const leaf = fields.filter((f) => isLeafType(getNamedType(f.type)) && !f.args.some(isRequiredArgument));
	const best = leaf.find((f) => f.name === 'id') ?? leaf.find((f) => f.name === 'affected_rows') ?? leaf[0];
	if (best) return { kind: Kind.FIELD, name: { kind: Kind.NAME, value: best.name } };
	// Wrappers, as <table>_aggregate with aggregate and nodes.
	const next =
		depth < 3 ? fields.find((f) => isObjectType(getNamedType(f.type)) && !f.args.some(isRequiredArgument)) : undefined;
	return next ? newField(next, depth + 1) : TYPENAME;
}

/** The schema's field at a path of response keys. */
function schemaField(
	schema: GraphQLSchema,
	root: RootName,
	op: OperationDefinitionNode | undefined,
	path: FieldPath,
): GraphQLField<unknown, unknown> | undefined {
	let type: unknown = rootType(schema, root);
	let found: GraphQLField<unknown, unknown> | undefined;
	for (let i = 0; i < path.length; i++) {
		if (!isObjectType(type) && !isInterfaceType(type)) return undefined;
		const node = op && fieldAt(op, path.slice(0, i + 1));
		found = type.getFields()[node?.name.value ?? path[i] ?? ''];
		if (!found) return undefined;
		type = getNamedType(found.type);
	}
	return found;
}

/** The operation with the fields of a path in it: what is missing on the way is added. */
function ensure(
	schema: GraphQLSchema,
	root: RootName,
	op: OperationDefinitionNode,
	path: FieldPath,
): OperationDefinitionNode {
	let made = op;
	for (let i = 1; i <= path.length; i++) {
		const part = path.slice(0, i);
		if (fieldAt(made, part)) continue;
		const field = schemaField(schema, root, made, part);
		if (!field) return made;
		made = addField(made, part.slice(0, -1), i < path.length ? onlyShell(field) : newField(field));
	}
	return made;
}

/** A field on the way to another one: `__typename` holds the place until that is added. */
function onlyShell(field: GraphQLField<unknown, unknown>): FieldNode {
	return { ...newField(field), selectionSet: { kind: Kind.SELECTION_SET, selections: [TYPENAME] } };
}

function shellOf(schema: GraphQLSchema, root: RootName, path: FieldPath): FieldNode | undefined {
	const first = path[0];
	const field = first === undefined ? undefined : rootType(schema, root)?.getFields()[first];
	if (!field) return undefined;
	return path.length === 1 ? newField(field) : onlyShell(field);
}

/** Runs `change` on the operation of a root; makes one if the text has none. */
function onOperation(
	schema: GraphQLSchema,
	parsed: ParsedText,
	root: RootName,
	chosen: number,
	path: FieldPath,
	change: (op: OperationDefinitionNode) => OperationDefinitionNode,
): Edit {
	const index = operationFor(operationsOf(parsed.document), root, chosen);
	if (index >= 0) return editOperation(parsed, index, change);
	const shell = shellOf(schema, root, path);
	if (!shell) return { text: parsed.text, operation: chosen };
	const added = addOperation(parsed, root, shell);
	return editOperation(parseText(added.text), added.operation, change);
}

/** Ticks or unticks a field. */
export function toggleField(schema: GraphQLSchema, parsed: ParsedText, chosen: number, row: FieldRow): Edit {
	return onOperation(schema, parsed, row.root, chosen, row.path, (op) =>
		row.checked ? removeField(op, row.path) : ensure(schema, row.root, op, row.path),
	);
}

/** Ticks or unticks an argument or a field of its value. */
export function toggleValue(schema: GraphQLSchema, parsed: ParsedText, chosen: number, row: ValueRow): Edit {
	return onOperation(schema, parsed, row.root, chosen, row.path, (op) =>
		changeField(ensure(schema, row.root, op, row.path), row.path, (f) =>
			setValue(f, row.valuePath, row.checked ? null : startValue(row.input)),
		),
	);
}

/** Ticking an empty object by hand means to fill it; a list of objects begins with one. */
function startValue(type: GraphQLInputType): ValueNode {
	const t = nullable(type);
	return isListType(t) && !inputObject(t) ? { kind: Kind.LIST, values: [] } : defaultValue(t);
}

export function editValue(
	schema: GraphQLSchema,
	parsed: ParsedText,
	chosen: number,
	row: ValueRow,
	text: string,
): Edit {
	return onOperation(schema, parsed, row.root, chosen, row.path, (op) =>
		changeField(op, row.path, (f) => setValue(f, row.valuePath, typedValue(text, row.input))),
	);
}

/** Puts a variable in the place of a value; the value goes to the variables. */
export function makeVariable(
	schema: GraphQLSchema,
	parsed: ParsedText,
	chosen: number,
	row: ValueRow,
): Edit & { variable?: { name: string; value: unknown } } {
	let variable: { name: string; value: unknown } | undefined;
	const edit = onOperation(schema, parsed, row.root, chosen, row.path, (op) => {
		const last = row.valuePath[row.valuePath.length - 1] ?? 'value';
		const wanted = last.startsWith('_') ? (row.valuePath[row.valuePath.length - 2] ?? last) : last;
		const made = addVariable(op, wanted, row.input, row.value);
		variable = { name: made.name, value: made.value };
		const value: ValueNode = { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: made.name } };
		return changeField(made.op, row.path, (f) => setValue(f, row.valuePath, value));
	});
	return { ...edit, variable };
}
