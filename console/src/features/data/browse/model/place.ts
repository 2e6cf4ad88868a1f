// Filters, order and paging live in the address: ?filter=title;$like;a%&sort=id;desc&limit=100&offset=200 (Hasura's form).

export interface Filter {
	column: string;
	op: string;
	value: string;
}

export interface Sort {
	column: string;
	desc: boolean;
}

export interface Place {
	filters: Filter[];
	sorts: Sort[];
	/** Null: what was chosen last. */
	limit: number | null;
	offset: number;
}

export const PAGE_SIZES = [50, 100, 250, 1000, 5000];
export const MAX_PAGE = 10_000;

const UNARY = new Set(['$is_null', '$is_not_null']);
/** Older names of the same operators. */
const ALIASES: Record<string, string> = { $neq: '$ne', $not: '$ne' };

export function parseFilter(text: string): Filter | null {
	const found = /^([\s\S]+?);([$_]\w+)(?:;([\s\S]*))?$/.exec(text);
	if (!found?.[1] || !found[2]) return null;
	const named = found[2].replace(/^_/, '$');
	const op = ALIASES[named] ?? named;
	const value = found[3] ?? '';
	if (op === '$is_null' && value === 'false') return { column: found[1], op: '$is_not_null', value: '' };
	return { column: found[1], op, value: UNARY.has(op) ? '' : value };
}

export function filterText(f: Filter): string {
	if (f.op === '$is_not_null') return `${f.column};$is_null;false`;
	return `${f.column};${f.op};${f.op === '$is_null' ? 'true' : f.value}`;
}

function natural(text: string | null): number | null {
	return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

export function parsePlace(search: string): Place {
	const params = new URLSearchParams(search);
	const limit = natural(params.get('limit'));
	return {
		filters: params
			.getAll('filter')
			.map(parseFilter)
			.filter((f) => f !== null),
		sorts: params.getAll('sort').flatMap((text) => {
			const cut = text.lastIndexOf(';');
			const column = cut > 0 ? text.slice(0, cut) : text;
			return column
				? [
						{
							column,
							desc:
								cut > 0 &&
								text
									.slice(cut + 1)
									.toLowerCase()
									.startsWith('desc'),
						},
					]
				: [];
		}),
		limit: limit ? Math.min(limit, MAX_PAGE) : null,
		offset: natural(params.get('offset')) ?? 0,
	};
}

export function placeSearch(p: Place): string {
	const params = new URLSearchParams();
	for (const f of p.filters) params.append('filter', filterText(f));
	for (const s of p.sorts) params.append('sort', `${s.column};${s.desc ? 'desc' : 'asc'}`);
	if (p.limit) params.append('limit', String(p.limit));
	if (p.offset) params.append('offset', String(p.offset));
	return params.toString();
}

/** Pairs of a row's key: ?key=id;5. */
export function keySearch(key: [string, string][], name = 'key'): string {
	const params = new URLSearchParams();
	for (const [column, value] of key) params.append(name, `${column};${value}`);
	return params.toString();
}

export function parseKey(search: string, name = 'key'): [string, string][] {
	return new URLSearchParams(search).getAll(name).flatMap((text): [string, string][] => {
		const cut = text.indexOf(';');
		return cut > 0 ? [[text.slice(0, cut), text.slice(cut + 1)]] : [];
	});
}

/** A click on a heading: up, down, none; `add` keeps the others. */
export function toggleSort(sorts: Sort[], column: string, add: boolean): Sort[] {
	const now = sorts.find((s) => s.column === column);
	const next: Sort | null = !now ? { column, desc: false } : now.desc ? null : { column, desc: true };
	if (!add) return next ? [next] : [];
	if (!now) return [...sorts, { column, desc: false }];
	return sorts.flatMap((s) => (s.column === column ? (next ? [next] : []) : [s]));
}
