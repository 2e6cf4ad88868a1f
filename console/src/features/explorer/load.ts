// Reads the schema: as a whole, or, when it is large, the roots first and other types when somebody looks into them.
import type { GraphQLSchema, IntrospectionQuery, IntrospectionType } from 'graphql';
import { BATCH, buildPartial, type Head, headQuery, PROBE, type Reading, typesQuery, WHOLE_UP_TO } from './model/parts';
import { ask, fetchSchema } from './run';

/** What was asked for and did not come may be asked for again after this time. */
const AGAIN = 10_000;

type Publish = (before: GraphQLSchema, after: GraphQLSchema) => void;

class Loader implements Reading {
	private readonly known = new Map<string, IntrospectionType>();
	private readonly absent = new Set<string>();
	private readonly asked = new Map<string, number>();
	private queue: string[] = [];
	private count = 0;
	private head: Head | null = null;
	private schema: GraphQLSchema | null = null;
	constructor(
		private readonly headers: Record<string, string>,
		private readonly publish: Publish,
		private readonly failed: (e: unknown) => void,
	) {}

	reads = () => this.count;
	waiting = () => this.asked.size > 0;

	read = (name: string) => {
		this.count++;
		this.want([name]);
	};

	want = (names: readonly string[]) => {
		const now = Date.now();
		for (const name of names) {
			if (this.known.has(name) || this.absent.has(name) || now - (this.asked.get(name) ?? 0) < AGAIN) continue;
			this.asked.set(name, now);
			// What one look reads goes in one request.
			if (this.queue.length === 0) setTimeout(() => this.flush());
			this.queue.push(name);
		}
	};

	private async load(names: readonly string[], signal?: AbortSignal) {
		for (let i = 0; i < names.length; i += BATCH) {
			const part = names.slice(i, i + BATCH);
			const found = await ask<Record<string, IntrospectionType | null>>(typesQuery(part), this.headers, signal);
			for (const [n, name] of part.entries()) {
				const type = found[`t${n}`];
				if (type) this.known.set(name, type);
				else this.absent.add(name);
				this.asked.delete(name);
			}
		}
	}

	private async flush() {
		const names = this.queue;
		this.queue = [];
		try {
			await this.load(names);
			const before = this.schema;
			if (before) this.publish(before, this.build());
		} catch (e) {
			this.failed(e);
		}
	}

	private build(): GraphQLSchema {
		if (!this.head) throw new Error('The schema was not begun.');
		this.schema = buildPartial(this.head, this.known, this.absent, this);
		return this.schema;
	}

	async begin(signal: AbortSignal): Promise<GraphQLSchema> {
		this.head = (await ask<IntrospectionQuery>(headQuery(), this.headers, signal)).__schema;
		await this.load([this.head.queryType.name], signal);
		return this.build();
	}
}

/** `publish` gets each schema that follows the first one, with the one it takes the place of. */
export async function loadSchema(
	headers: Record<string, string>,
	signal: AbortSignal,
	publish: Publish,
	failed: (e: unknown) => void,
): Promise<GraphQLSchema> {
	const size = await ask<{ __schema: { queryType: { fields: unknown[] } } }>(PROBE, headers, signal);
	if (size.__schema.queryType.fields.length <= WHOLE_UP_TO) return fetchSchema(headers, signal);
	return new Loader(headers, publish, failed).begin(signal);
}
