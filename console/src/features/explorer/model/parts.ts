// A schema that is too large to be read as a whole: the types read so far, and stubs of those they speak of. A stub knows its
// kind only; who reads its fields or values is told nothing yet, and the reading is reported, so that they can be fetched.
import {
	buildClientSchema,
	type DocumentNode,
	type GraphQLNamedType,
	type GraphQLSchema,
	getIntrospectionQuery,
	type IntrospectionQuery,
	type IntrospectionType,
	type IntrospectionTypeRef,
	isEnumType,
	isInputObjectType,
	isInterfaceType,
	isObjectType,
	isUnionType,
	Kind,
	visit,
} from 'graphql';

/** What tells the size of a schema at little cost. */
export const PROBE = '{ __schema { queryType { fields { name } } } }';

/** With more fields than this at the root of queries, a schema is read by parts. */
export const WHOLE_UP_TO = 300;

/** Types asked for in one request. */
export const BATCH = 40;

export type Head = Omit<IntrospectionQuery['__schema'], 'types'>;

const FRAGMENTS = getIntrospectionQuery().slice(getIntrospectionQuery().indexOf('fragment FullType'));

const HEAD = `{ __schema { queryType { name kind } mutationType { name kind } subscriptionType { name kind }
	directives { name description locations args { ...InputValue } } } }`;

/** Everything but the types. */
export const headQuery = () => HEAD + FRAGMENTS.slice(FRAGMENTS.indexOf('fragment InputValue'));

export function typesQuery(names: readonly string[]): string {
	const parts = names.map((name, i) => `t${i}: __type(name: ${JSON.stringify(name)}) { ...FullType }`);
	return `{ ${parts.join(' ')} } ${FRAGMENTS}`;
}

/** Types a text names itself: of variables, and after `on`. */
export function namedTypes(document: DocumentNode | null): string[] {
	const found = new Set<string>();
	if (document)
		visit(document, {
			enter: (node) => {
				if (node.kind === Kind.NAMED_TYPE) found.add(node.name.value);
			},
		});
	return [...found];
}

/** Every named type a type refers to. */
export function referred(type: IntrospectionType): Map<string, IntrospectionType['kind']> {
	const found = new Map<string, IntrospectionType['kind']>();
	const add = (ref: IntrospectionTypeRef) => {
		let at: IntrospectionTypeRef = ref;
		while (at.kind === 'LIST' || at.kind === 'NON_NULL') at = at.ofType;
		found.set(at.name, at.kind);
	};
	if ('fields' in type)
		for (const f of type.fields ?? []) {
			add(f.type);
			for (const a of f.args) add(a.type);
		}
	if ('inputFields' in type) for (const f of type.inputFields ?? []) add(f.type);
	if ('interfaces' in type) for (const t of type.interfaces ?? []) add(t);
	if ('possibleTypes' in type) for (const t of type.possibleTypes ?? []) add(t);
	return found;
}

function stub(name: string, kind: IntrospectionType['kind']): IntrospectionType {
	switch (kind) {
		case 'OBJECT':
			return { kind, name, fields: [], interfaces: [] };
		case 'INTERFACE':
			return { kind, name, fields: [], interfaces: [], possibleTypes: [] };
		case 'INPUT_OBJECT':
			return { kind, name, inputFields: [], isOneOf: false };
		case 'ENUM':
			return { kind, name, enumValues: [] };
		case 'UNION':
			return { kind, name, possibleTypes: [] };
		default:
			return { kind: 'SCALAR', name };
	}
}

/** The types read so far and stubs of the others. A scalar has no parts, its stub is all there is. */
export function withStubs(head: Head, known: ReadonlyMap<string, IntrospectionType>) {
	const stubs = new Map<string, IntrospectionType>();
	const need = (name: string, kind: IntrospectionType['kind']) => {
		if (!known.has(name) && !stubs.has(name)) stubs.set(name, stub(name, kind));
	};
	for (const root of [head.queryType, head.mutationType, head.subscriptionType]) if (root) need(root.name, 'OBJECT');
	for (const d of head.directives)
		for (const a of d.args) {
			let at: IntrospectionTypeRef = a.type;
			while (at.kind === 'LIST' || at.kind === 'NON_NULL') at = at.ofType;
			need(at.name, at.kind);
		}
	for (const type of known.values()) for (const [name, kind] of referred(type)) need(name, kind);
	return { types: [...known.values(), ...stubs.values()], stubs };
}

export interface Reading {
	/** Reports that somebody wants to know what is in a type. */
	read: (name: string) => void;
	/** How many readings of stubs there were: more after an edit than before it means the edit knew too little. */
	reads: () => number;
	/** Something that was asked for has not come yet. */
	waiting: () => boolean;
	/** Asks for types the text names, whether the schema speaks of them yet or not. */
	want: (names: readonly string[]) => void;
}

function markStub(type: GraphQLNamedType, read: (name: string) => void) {
	const none = <T>(value: T) => {
		return () => {
			read(type.name);
			return value;
		};
	};
	if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) type.getFields = none({});
	else if (isEnumType(type)) {
		type.getValues = none([]);
		type.getValue = none(undefined);
	} else if (isUnionType(type)) type.getTypes = none([]);
	type.extensions = { ...type.extensions, stub: true };
}

/** Types that were asked for and do not exist are `absent`: their stubs report nothing. */
export function buildPartial(
	head: Head,
	known: ReadonlyMap<string, IntrospectionType>,
	absent: ReadonlySet<string>,
	reading: Reading,
): GraphQLSchema {
	const { types, stubs } = withStubs(head, known);
	// Stubs have no fields, which graphql-js would not let pass; the server has checked its schema.
	const schema = buildClientSchema({ __schema: { ...head, types } }, { assumeValid: true });
	for (const name of stubs.keys()) {
		const type = schema.getType(name);
		if (type && !absent.has(name) && stubs.get(name)?.kind !== 'SCALAR') markStub(type, reading.read);
	}
	schema.extensions = { reading };
	return schema;
}

export const isStub = (type: GraphQLNamedType) => type.extensions.stub === true;

/** Of a schema that is read by parts. */
export const readingOf = (schema: GraphQLSchema | undefined) => schema?.extensions.reading as Reading | undefined;
