// A schema that is too large to be read as a whole: the types read so far, and placeholders of those they speak of. A placeholder knows its
// kind only; who reads its fields or values is told nothing yet, and the reading is reported, so that they can be fetched.
import {
	type DocumentNode,
	GraphQLDirective,
	GraphQLEnumType,
	type GraphQLField,
	type GraphQLFieldConfig,
	type GraphQLInputFieldConfig,
	GraphQLInputObjectType,
	type GraphQLInputType,
	GraphQLList,
	type GraphQLNamedType,
	GraphQLNonNull,
	type GraphQLNullableType,
	GraphQLObjectType,
	type GraphQLOutputType,
	GraphQLScalarType,
	GraphQLSchema,
	type GraphQLType,
	getIntrospectionQuery,
	type IntrospectionField,
	type IntrospectionInputValue,
	type IntrospectionQuery,
	type IntrospectionType,
	type IntrospectionTypeRef,
	introspectionTypes,
	isEnumType,
	isInputObjectType,
	isObjectType,
	Kind,
	specifiedScalarTypes,
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

export interface Reading {
	/** Reports that somebody wants to know what is in a type. */
	read: (name: string) => void;
	/** How many readings of placeholders there were: more after an edit than before it means the edit knew too little. */
	reads: () => number;
	/** Something that was asked for has not come yet. */
	waiting: () => boolean;
	/** Asks for types the text names, whether the schema speaks of them yet or not. */
	want: (names: readonly string[]) => void;
}

export const isPlaceholder = (type: GraphQLNamedType) => type.extensions.placeholder === true;

type AnyField = GraphQLField<unknown, unknown>;

/** The root of queries has a field or three for each table: type and arguments are made when somebody looks at them. */
class LazyField implements AnyField {
	readonly name: string;
	readonly description: string | null | undefined;
	readonly deprecationReason: string | null | undefined;
	readonly extensions = {};
	readonly astNode = undefined;
	private made: AnyField | null = null;

	constructor(
		private readonly read: IntrospectionField,
		private readonly make: (read: IntrospectionField) => AnyField,
	) {
		this.name = read.name;
		this.description = read.description;
		this.deprecationReason = read.deprecationReason;
	}

	private whole(): AnyField {
		this.made ??= this.make(this.read);
		return this.made;
	}

	get type() {
		return this.whole().type;
	}

	get args() {
		return this.whole().args;
	}
}

/**
 * Types are made once and filled in place when they are read: with tens of thousands of root fields, a schema made anew for each
 * type would hold the page up for seconds. The server has no interfaces and no unions.
 */
export class PartialSchema {
	private readonly types: Record<string, GraphQLNamedType> = Object.create(null);
	private readonly absent = new Set<string>();
	/** Types that what was read speaks of, for which nobody has asked yet. */
	private readonly spokenOf = new Map<string, IntrospectionType['kind']>();
	private readonly base: GraphQLSchema;
	private ready = false;

	constructor(
		head: Head,
		private readonly reading: Reading,
	) {
		for (const type of [...specifiedScalarTypes, ...introspectionTypes]) this.types[type.name] = type;
		const root = (found: { name: string } | null | undefined) =>
			found ? (this.named(found.name, 'OBJECT') as GraphQLObjectType) : undefined;
		this.base = new GraphQLSchema({
			query: root(head.queryType),
			mutation: root(head.mutationType),
			subscription: root(head.subscriptionType),
			directives: head.directives.map(
				(d) => new GraphQLDirective({ ...d, locations: d.locations, args: this.inputs(d.args) }),
			),
			// Placeholders have no fields, which graphql-js would not let pass; the server has checked its schema.
			assumeValid: true,
		});
		this.base.getTypeMap = () => {
			for (const [name, kind] of this.spokenOf) this.named(name, kind);
			this.spokenOf.clear();
			return this.types;
		};
		this.base.getType = (name) => {
			const kind = this.spokenOf.get(name);
			return this.types[name] ?? (kind && this.named(name, kind));
		};
		this.ready = true;
	}

	/** Whether there is nothing to be read about a type. */
	has(name: string): boolean {
		const type = this.types[name];
		return this.absent.has(name) || (type !== undefined && !isPlaceholder(type));
	}

	/** It was asked for and does not exist. */
	leaveOut(name: string) {
		this.absent.add(name);
	}

	add(read: IntrospectionType) {
		if (this.has(read.name)) return;
		const type = this.named(read.name, read.kind);
		type.description = read.description;
		type.extensions = {};
		if (read.kind === 'OBJECT' && isObjectType(type)) {
			const fields = Object.fromEntries(read.fields.map((f) => [f.name, new LazyField(f, this.whole)]));
			for (const f of read.fields) this.note(f);
			type.getFields = () => fields;
		} else if (read.kind === 'INPUT_OBJECT' && isInputObjectType(type)) {
			const fields = new GraphQLInputObjectType({ name: read.name, fields: this.inputs(read.inputFields) }).getFields();
			type.getFields = () => fields;
		} else if (read.kind === 'ENUM' && isEnumType(type)) {
			const values = Object.fromEntries(read.enumValues.map((v) => [v.name, { description: v.description }]));
			const whole = new GraphQLEnumType({ name: read.name, values });
			type.getValues = () => whole.getValues();
			type.getValue = (name) => whole.getValue(name);
		}
	}

	/** What is known now; another object each time, so that who shows it sees that it is another. */
	schema(): GraphQLSchema {
		const schema: GraphQLSchema = Object.create(this.base);
		schema.extensions = { reading: this.reading };
		return schema;
	}

	private named(name: string, kind: IntrospectionType['kind']): GraphQLNamedType {
		const found = this.types[name] ?? this.placeholder(name, kind);
		this.types[name] = found;
		this.spokenOf.delete(name);
		return found;
	}

	private placeholder(name: string, kind: IntrospectionType['kind']): GraphQLNamedType {
		const none = <T>(nothing: T) => {
			return () => {
				if (this.ready && !this.absent.has(name)) this.reading.read(name);
				return nothing;
			};
		};
		const extensions = { placeholder: true };
		if (kind === 'OBJECT')
			return Object.assign(new GraphQLObjectType({ name, fields: {}, extensions }), { getFields: none({}) });
		if (kind === 'INPUT_OBJECT')
			return Object.assign(new GraphQLInputObjectType({ name, fields: {}, extensions }), { getFields: none({}) });
		if (kind === 'ENUM')
			return Object.assign(new GraphQLEnumType({ name, values: {}, extensions }), {
				getValues: none([]),
				getValue: none(undefined),
			});
		// A scalar has no parts.
		return new GraphQLScalarType({ name });
	}

	private type(ref: IntrospectionTypeRef): GraphQLType {
		if (ref.kind === 'LIST') return new GraphQLList(this.type(ref.ofType));
		if (ref.kind === 'NON_NULL') return new GraphQLNonNull(this.type(ref.ofType) as GraphQLNullableType);
		return this.named(ref.name, ref.kind);
	}

	private inputs(list: readonly IntrospectionInputValue[]): Record<string, GraphQLInputFieldConfig> {
		const out: Record<string, GraphQLInputFieldConfig> = {};
		for (const v of list)
			out[v.name] = {
				type: this.type(v.type) as GraphQLInputType,
				description: v.description,
				// What it is does not matter here; that there is one makes the argument optional.
				defaultValue: v.defaultValue === null ? undefined : v.defaultValue,
			};
		return out;
	}

	/** Remembers the names of the types of a field. */
	private note(f: IntrospectionField) {
		for (const { type } of [f, ...f.args]) {
			let ref: IntrospectionTypeRef = type;
			while (ref.kind === 'LIST' || ref.kind === 'NON_NULL') ref = ref.ofType;
			if (!(ref.name in this.types)) this.spokenOf.set(ref.name, ref.kind);
		}
	}

	private readonly whole = (f: IntrospectionField): AnyField => {
		const config: GraphQLFieldConfig<unknown, unknown> = {
			type: this.type(f.type) as GraphQLOutputType,
			args: this.inputs(f.args),
		};
		return new GraphQLObjectType({ name: 'one', fields: { [f.name]: config } }).getFields()[f.name] as AnyField;
	};
}

/** Of a schema that is read by parts. */
export const readingOf = (schema: GraphQLSchema | undefined) => schema?.extensions.reading as Reading | undefined;
