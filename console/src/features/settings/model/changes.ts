// What differs between two metadata documents, object by object.
import { canonical, identity, isObject, type Json } from './document';

export interface ObjectChange {
	kind: 'added' | 'removed' | 'changed';
	/** "table", "select permission", "array relationship" … */
	type: string;
	/** "author", "author, role user". */
	name: string;
	/** With more sources than one. */
	source?: string;
}

type Doc = { [key: string]: Json };

const listOf = (v: Json | undefined): Json[] => (Array.isArray(v) ? v : []);
const same = (a: Json | undefined, b: Json | undefined) =>
	JSON.stringify(canonical(a ?? null)) === JSON.stringify(canonical(b ?? null));

/** Parts of a table or source that are objects of their own. */
const PARTS: Record<string, string> = {
	object_relationships: 'object relationship',
	array_relationships: 'array relationship',
	remote_relationships: 'remote relationship',
	computed_fields: 'computed field',
	select_permissions: 'select permission',
	insert_permissions: 'insert permission',
	update_permissions: 'update permission',
	delete_permissions: 'delete permission',
	event_triggers: 'event trigger',
	permissions: 'permission',
};

const LISTS: Record<string, string> = {
	tables: 'table',
	functions: 'function',
	native_queries: 'native query',
	logical_models: 'logical model',
	stored_procedures: 'stored procedure',
	remote_schemas: 'remote schema',
	inherited_roles: 'inherited role',
	actions: 'action',
	query_collections: 'query collection',
	allowlist: 'allow list entry',
	cron_triggers: 'cron trigger',
	rest_endpoints: 'REST endpoint',
};

const without = (v: Doc, keys: string[]): Doc =>
	Object.fromEntries(Object.entries(v).filter(([k]) => !keys.includes(k)));

function byIdentity(list: Json[]): Map<string, Json> {
	return new Map(list.map((v) => [identity(v), v]));
}

class Comparison {
	readonly found: ObjectChange[] = [];
	constructor(private readonly source?: string) {}

	private add(kind: ObjectChange['kind'], type: string, name: string) {
		this.found.push(this.source === undefined ? { kind, type, name } : { kind, type, name, source: this.source });
	}

	/** Entries of two lists; parts: each entry has objects of its own. */
	list(type: string, before: Json[], after: Json[], owner: string, parts: boolean) {
		const [old, fresh] = [byIdentity(before), byIdentity(after)];
		const shown = (id: string) => (owner ? `${owner}, ${/permission/.test(type) ? `role ${id}` : id}` : id);
		for (const [id, v] of fresh) {
			const was = old.get(id);
			if (was === undefined) {
				this.add('added', type, shown(id));
				if (parts && isObject(v)) this.parts({}, v, id);
			} else if (!parts) {
				if (!same(was, v)) this.add('changed', type, shown(id));
			} else if (isObject(was) && isObject(v)) {
				const own = Object.keys(PARTS);
				if (!same(without(was, own), without(v, own))) this.add('changed', type, shown(id));
				this.parts(was, v, id);
			}
		}
		for (const id of old.keys()) if (!fresh.has(id)) this.add('removed', type, shown(id));
	}

	private parts(before: Doc, after: Doc, owner: string) {
		for (const [key, type] of Object.entries(PARTS))
			this.list(type, listOf(before[key]), listOf(after[key]), owner, false);
	}

	/** The lists of a document or source, and what is left of it as one. */
	members(before: Doc, after: Doc, rest: string, name: string) {
		for (const [key, type] of Object.entries(LISTS))
			this.list(
				type,
				listOf(before[key]),
				listOf(after[key]),
				'',
				key === 'tables' || key === 'functions' || key === 'logical_models',
			);
		const known = [...Object.keys(LISTS), 'sources', 'version'];
		const [was, is] = [without(before, known), without(after, known)];
		const differing = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((k) => !same(was[k], is[k]));
		if (differing.length > 0) this.add('changed', rest, `${name}${name ? ': ' : ''}${differing.join(', ')}`);
	}
}

export function changesOf(before: Doc, after: Doc): ObjectChange[] {
	const [old, fresh] = [byIdentity(listOf(before.sources)), byIdentity(listOf(after.sources))];
	const several = new Set([...old.keys(), ...fresh.keys()]).size > 1;
	const top = new Comparison();
	top.members(before, after, 'settings', '');
	const found = [...top.found];
	for (const id of new Set([...old.keys(), ...fresh.keys()])) {
		const [was, is] = [old.get(id), fresh.get(id)];
		if (!is || !was) found.push({ kind: is ? 'added' : 'removed', type: 'source', name: id });
		if (!is) continue; // all that is in it goes with it
		const c = new Comparison(several ? id : undefined);
		c.members(
			isObject(was) ? was : isObject(is) ? without(is, Object.keys(LISTS)) : {},
			isObject(is) ? is : {},
			'source',
			id,
		);
		found.push(...c.found);
	}
	return found;
}

export function changesTitle(changes: ObjectChange[]): string {
	const count = (kind: ObjectChange['kind']) => changes.filter((c) => c.kind === kind).length;
	const parts = (['added', 'removed', 'changed'] as const).filter((k) => count(k) > 0).map((k) => `${count(k)} ${k}`);
	return parts.length > 0 ? parts.join(', ') : 'No difference of meaning';
}
