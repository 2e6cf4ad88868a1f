// Values of arguments: read, set and taken away at a place, made anew for a type.
import {
	type ArgumentNode,
	type ConstValueNode,
	type FieldNode,
	type GraphQLArgument,
	type GraphQLInputField,
	type GraphQLInputType,
	isEnumType,
	isInputObjectType,
	isListType,
	isNonNullType,
	isRequiredArgument,
	isRequiredInputField,
	Kind,
	type ObjectFieldNode,
	type OperationDefinitionNode,
	parseType,
	parseValue,
	type TypeNode,
	type ValueNode,
	valueFromASTUntyped,
} from 'graphql';

/** Argument name, then names of input fields. A list of objects stands for its first element. */
export type ValuePath = readonly string[];

export type InputThing = GraphQLArgument | GraphQLInputField;

export function nullable(type: GraphQLInputType): GraphQLInputType {
	return isNonNullType(type) ? (type.ofType as GraphQLInputType) : type;
}

/** The input object a value of the type holds, through lists. */
export function inputObject(type: GraphQLInputType) {
	let t = nullable(type);
	while (isListType(t)) t = nullable(t.ofType as GraphQLInputType);
	return isInputObjectType(t) ? t : undefined;
}

const name = (value: string) => ({ kind: Kind.NAME as const, value });
const MAX_DEFAULT_DEPTH = 6;

/** The least valid value of a type. */
export function defaultValue(type: GraphQLInputType, depth = 0): ConstValueNode {
	const t = nullable(type);
	if (isListType(t)) {
		const inner = nullable(t.ofType as GraphQLInputType);
		if (isInputObjectType(inner)) return { kind: Kind.LIST, values: [defaultValue(inner, depth + 1)] };
		return { kind: Kind.LIST, values: [] };
	}
	if (isEnumType(t)) return { kind: Kind.ENUM, value: t.getValues()[0]?.name ?? 'null' };
	if (isInputObjectType(t)) {
		const fields = depth >= MAX_DEFAULT_DEPTH ? [] : Object.values(t.getFields()).filter(isRequiredInputField);
		return {
			kind: Kind.OBJECT,
			fields: fields.map((f) => ({
				kind: Kind.OBJECT_FIELD,
				name: name(f.name),
				value: defaultValue(f.type, depth + 1),
			})),
		};
	}
	switch ((t as { name: string }).name) {
		case 'Int':
		case 'smallint':
		case 'bigint':
			return { kind: Kind.INT, value: '1' };
		case 'Float':
		case 'float8':
		case 'numeric':
			return { kind: Kind.INT, value: '0' };
		case 'Boolean':
			return { kind: Kind.BOOLEAN, value: true };
		case 'jsonb':
		case 'json':
			return { kind: Kind.OBJECT, fields: [] };
		default:
			return { kind: Kind.STRING, value: '' };
	}
}

export function requiredArguments(args: readonly GraphQLArgument[]): ArgumentNode[] {
	return args
		.filter(isRequiredArgument)
		.map((a) => ({ kind: Kind.ARGUMENT, name: name(a.name), value: defaultValue(a.type) }));
}

const inList = (v: ValueNode | undefined): ValueNode | undefined =>
	v?.kind === Kind.LIST && v.values[0]?.kind === Kind.OBJECT ? v.values[0] : v;

export function valueAt(field: FieldNode | undefined, path: ValuePath): ValueNode | undefined {
	let value: ValueNode | undefined = field?.arguments?.find((a) => a.name.value === path[0])?.value;
	for (const key of path.slice(1)) {
		const object = inList(value);
		if (object?.kind !== Kind.OBJECT) return undefined;
		value = object.fields.find((f) => f.name.value === key)?.value;
	}
	return value;
}

function setIn(old: ValueNode | undefined, path: ValuePath, value: ValueNode | null): ValueNode | null {
	const [first, ...rest] = path;
	if (first === undefined) return value;
	if (old?.kind === Kind.LIST && old.values.length > 0)
		return {
			...old,
			values: [setIn(old.values[0], path, value) ?? { kind: Kind.OBJECT, fields: [] }, ...old.values.slice(1)],
		};
	const fields: ObjectFieldNode[] = old?.kind === Kind.OBJECT ? [...old.fields] : [];
	const at = fields.findIndex((f) => f.name.value === first);
	const made = setIn(fields[at]?.value, rest, value);
	if (made === null) {
		if (at >= 0) fields.splice(at, 1);
	} else {
		const field: ObjectFieldNode = { kind: Kind.OBJECT_FIELD, name: name(first), value: made };
		if (at >= 0) fields[at] = field;
		else fields.push(field);
	}
	return { kind: Kind.OBJECT, fields };
}

/** Sets the value at a place, or takes it away (null). */
export function setValue(field: FieldNode, path: ValuePath, value: ValueNode | null): FieldNode {
	const [first, ...rest] = path;
	if (first === undefined) return field;
	const list = [...(field.arguments ?? [])];
	const at = list.findIndex((a) => a.name.value === first);
	const made = setIn(list[at]?.value, rest, value);
	if (made === null) {
		if (at >= 0) list.splice(at, 1);
	} else {
		const arg: ArgumentNode = { kind: Kind.ARGUMENT, name: name(first), value: made };
		if (at >= 0) list[at] = arg;
		else list.push(arg);
	}
	return { ...field, arguments: list };
}

/** What somebody typed, as a value of the type: `42`, `"a b"`, `a b` (text types), `$name`, `[1, 2]`. */
export function typedValue(text: string, type: GraphQLInputType): ValueNode {
	const t = nullable(type);
	const word = text.trim();
	const scalar = !isListType(t) && !isEnumType(t) && !isInputObjectType(t) ? (t as { name: string }).name : '';
	const quoted: ValueNode = { kind: Kind.STRING, value: text };
	try {
		const value = parseValue(word);
		if (value.kind === Kind.VARIABLE || isEnumType(t) || isListType(t) || isInputObjectType(t)) return value;
		if (value.kind === Kind.STRING || value.kind === Kind.NULL) return value;
		if (value.kind === Kind.ENUM) return quoted;
		const numeric = /^(Int|Float|smallint|bigint|numeric|float8|Boolean|jsonb?|float4)$/.test(scalar);
		return numeric ? value : quoted;
	} catch {
		return quoted;
	}
}

/** The value as somebody would type it into a one-line field. */
export function valueText(value: ValueNode | undefined): string {
	if (!value) return '';
	switch (value.kind) {
		case Kind.STRING:
			return value.value;
		case Kind.INT:
		case Kind.FLOAT:
		case Kind.ENUM:
			return value.value;
		case Kind.BOOLEAN:
			return String(value.value);
		case Kind.NULL:
			return 'null';
		case Kind.VARIABLE:
			return `$${value.name.value}`;
		case Kind.LIST:
			return `[${value.values.map((v) => (v.kind === Kind.STRING ? JSON.stringify(v.value) : valueText(v))).join(', ')}]`;
		case Kind.OBJECT:
			return `{${value.fields.map((f) => `${f.name.value}: ${f.value.kind === Kind.STRING ? JSON.stringify(f.value.value) : valueText(f.value)}`).join(', ')}}`;
	}
}

export interface NewVariable {
	op: OperationDefinitionNode;
	name: string;
	/** What stood there, for the variables' JSON. */
	value: unknown;
}

/** A variable of the type, named after `wanted`; the caller puts it into place. */
export function addVariable(
	op: OperationDefinitionNode,
	wanted: string,
	type: GraphQLInputType,
	old: ValueNode | undefined,
): NewVariable {
	const taken = new Set(op.variableDefinitions?.map((v) => v.variable.name.value));
	let found = wanted;
	for (let n = 2; taken.has(found); n++) found = `${wanted}${n}`;
	const made: OperationDefinitionNode = {
		...op,
		variableDefinitions: [
			...(op.variableDefinitions ?? []),
			{
				kind: Kind.VARIABLE_DEFINITION,
				variable: { kind: Kind.VARIABLE, name: name(found) },
				type: parseType(String(type)) as TypeNode,
			},
		],
	};
	return { op: made, name: found, value: valueFromASTUntyped(old ?? defaultValue(type)) ?? null };
}
