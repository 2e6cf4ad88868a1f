// Reads the schema: as a whole, or, when it is large, the roots first and other types when somebody looks into them.
import type { GraphQLSchema, IntrospectionQuery, IntrospectionType } from 'graphql';
import { BATCH, headQuery, PartialSchema, PROBE, type Reading, typesQuery, WHOLE_UP_TO } from './model/parts';
import { ask, fetchSchema } from './run';

/** What was asked for and did not come may be asked for again after this time. */
const AGAIN = 10_000;

type Publish = (before: GraphQLSchema, after: GraphQLSchema) => void;

class Loader implements Reading {
	private readonly asked = new Map<string, number>();
	private queue: string[] = [];
	private count = 0;
	private parts: PartialSchema | null = null;
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
			if (this.parts?.has(name) || now - (this.asked.get(name) ?? 0) < AGAIN) continue;
			this.asked.set(name, now);
			// What one look reads goes in one request.
			if (this.queue.length === 0) setTimeout(() => this.flush());
			this.queue.push(name);
		}
	};

	private async load(parts: PartialSchema, names: readonly string[], signal?: AbortSignal) {
		for (let i = 0; i < names.length; i += BATCH) {
			const part = names.slice(i, i + BATCH);
			const found = await ask<Record<string, IntrospectionType | null>>(typesQuery(part), this.headers, signal);
			for (const [n, name] of part.entries()) {
				const type = found[`t${n}`];
				if (type) parts.add(type);
				else parts.leaveOut(name);
				this.asked.delete(name);
			}
		}
	}

	private async flush() {
		const names = this.queue;
		this.queue = [];
		try {
			const { parts, schema } = this;
			if (!parts || !schema) return;
			await this.load(parts, names);
			const before = this.schema ?? schema;
			this.schema = parts.schema();
			this.publish(before, this.schema);
		} catch (e) {
			this.failed(e);
		}
	}

	async begin(signal: AbortSignal): Promise<GraphQLSchema> {
		const head = (await ask<IntrospectionQuery>(headQuery(), this.headers, signal)).__schema;
		this.parts = new PartialSchema(head, this);
		await this.load(this.parts, [head.queryType.name], signal);
		this.schema = this.parts.schema();
		return this.schema;
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
