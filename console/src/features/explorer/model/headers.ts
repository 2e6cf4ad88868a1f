// The headers table: rows, profiles, and what goes with a request.
import { isSecretHeader } from './exportCode';

export interface HeaderRow {
	id: number;
	on: boolean;
	key: string;
	value: string;
	/** The value is shown as dots. */
	hidden?: boolean;
}

export interface Profile {
	name: string;
	rows: HeaderRow[];
	/** The console's own admin secret goes too. */
	asAdmin: boolean;
}

export const ROLE = 'x-hasura-role';

/** Bad names end a request in the browser with an error nobody understands. */
export const headerNameOk = (name: string) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);

export function headersOf(rows: HeaderRow[]): Record<string, string> {
	const out: Record<string, string> = {};
	for (const r of rows) {
		const key = r.key.trim().toLowerCase();
		if (r.on && headerNameOk(key)) out[key] = r.value.trim();
	}
	return out;
}

export function roleOf(rows: HeaderRow[]): string {
	return headersOf(rows)[ROLE] ?? '';
}

export function nextId(rows: HeaderRow[]): number {
	return rows.reduce((max, r) => Math.max(max, r.id), 0) + 1;
}

/** Chooses a role: none (admin) unticks the row, another one is put into it. */
export function withRole(rows: HeaderRow[], role: string): HeaderRow[] {
	const at = rows.findIndex((r) => r.key.trim().toLowerCase() === ROLE);
	if (at < 0) return role ? [...rows, { id: nextId(rows), on: true, key: ROLE, value: role }] : rows;
	return rows.map((r, i) => (i !== at ? r : role ? { ...r, on: true, value: role } : { ...r, on: false }));
}

/** Session variables the roles' rules ask for, as rows to fill in. */
export function withVariables(rows: HeaderRow[], names: string[]): HeaderRow[] {
	let out = rows;
	for (const name of names) {
		const key = name.toLowerCase();
		if (key === ROLE || out.some((r) => r.key.trim().toLowerCase() === key)) continue;
		out = [...out, { id: nextId(out), on: true, key, value: '' }];
	}
	return out;
}

/** Every x-hasura-… a role's permissions speak of. */
export function sessionVariablesOf(permissions: unknown): string[] {
	const found = new Set<string>();
	const walk = (v: unknown, depth: number): void => {
		if (depth > 32) return;
		if (typeof v === 'string') {
			if (/^x-hasura-[\w-]+$/i.test(v)) found.add(v.toLowerCase());
		} else if (Array.isArray(v)) for (const x of v) walk(x, depth + 1);
		else if (v && typeof v === 'object') for (const x of Object.values(v)) walk(x, depth + 1);
	};
	walk(permissions, 0);
	found.delete(ROLE);
	return [...found].sort();
}

/** What may be kept on disk: values of secret headers are not. */
export function withoutSecrets(rows: HeaderRow[]): HeaderRow[] {
	return rows.map((r) => (isSecretHeader(r.key) ? { ...r, value: '' } : r));
}

/** The session of an explain: x-hasura-* as the headers say; the admin without a role. */
export function explainSession(headers: Record<string, string>): Record<string, string> | undefined {
	const session = Object.fromEntries(
		Object.entries(headers).filter(([k]) => k.startsWith('x-hasura-') && !isSecretHeader(k)),
	);
	return session[ROLE] ? session : undefined;
}
