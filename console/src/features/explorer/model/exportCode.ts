// The request as code. Secrets are not written out: their place is marked.
import { exactNumber } from '@/model/exactJson';

export interface RequestToExport {
	url: string;
	query: string;
	variables: Record<string, unknown>;
	operationName?: string;
	headers: Record<string, string>;
}

export type Language = 'curl' | 'python' | 'fetch';

export const LANGUAGES: { value: Language; label: string }[] = [
	{ value: 'curl', label: 'curl' },
	{ value: 'python', label: 'Python (requests)' },
	{ value: 'fetch', label: 'JavaScript (fetch)' },
];

const SECRET = /^(x-hasura-admin-secret|x-hasura-access-key|authorization|cookie)$/i;

export const isSecretHeader = (name: string) => SECRET.test(name.trim());

/** Name of the environment variable that stands for a secret header. */
function secretVariable(header: string): string {
	return header.toLowerCase() === 'authorization'
		? 'TOKEN'
		: header.toUpperCase().replace(/^X-/, '').replace(/-/g, '_');
}

/** `Bearer` and the like are no secret, and easily forgotten. */
const schemeOf = (value: string) => /^(bearer|basic|token) /i.exec(value.trim())?.[0] ?? '';

function body(r: RequestToExport): Record<string, unknown> {
	const out: Record<string, unknown> = { query: r.query };
	if (Object.keys(r.variables).length > 0) out.variables = r.variables;
	if (r.operationName) out.operationName = r.operationName;
	return out;
}

const shellQuote = (s: string) => `'${s.replace(/'/g, `'\\''`)}'`;

function curl(r: RequestToExport): string {
	const lines = [`curl ${shellQuote(r.url)}`, `-H 'content-type: application/json'`];
	for (const [k, v] of Object.entries(r.headers))
		lines.push(
			isSecretHeader(k)
				? `-H "${k}: ${schemeOf(v)}$${secretVariable(k)}"`
				: `-H ${shellQuote(v ? `${k}: ${v}` : `${k};`)}`,
		);
	lines.push(`--data-binary ${shellQuote(JSON.stringify(body(r)))}`);
	return lines.join(' \\\n  ');
}

/** A JSON value as a Python literal. */
export function pythonLiteral(v: unknown, indent = 0): string {
	const pad = '    '.repeat(indent + 1);
	const end = '    '.repeat(indent);
	if (v === null || v === undefined) return 'None';
	const number = exactNumber(v);
	if (number !== null) return number;
	if (typeof v === 'boolean') return v ? 'True' : 'False';
	if (typeof v === 'number') return String(v);
	if (typeof v === 'string') return JSON.stringify(v);
	if (Array.isArray(v))
		return v.length === 0 ? '[]' : `[\n${v.map((x) => `${pad}${pythonLiteral(x, indent + 1)},\n`).join('')}${end}]`;
	const entries = Object.entries(v as object);
	if (entries.length === 0) return '{}';
	return `{\n${entries.map(([k, x]) => `${pad}${JSON.stringify(k)}: ${pythonLiteral(x, indent + 1)},\n`).join('')}${end}}`;
}

function python(r: RequestToExport): string {
	const secrets = Object.keys(r.headers).some(isSecretHeader);
	const headers = Object.entries(r.headers).map(([k, v]) => {
		const scheme = schemeOf(v);
		const secret = `os.environ[${JSON.stringify(secretVariable(k))}]`;
		const value = !isSecretHeader(k) ? JSON.stringify(v) : scheme ? `${JSON.stringify(scheme)} + ${secret}` : secret;
		return `    ${JSON.stringify(k)}: ${value},\n`;
	});
	const query = r.query.trim().replace(/\\/g, '\\\\').replace(/"""/g, '\\"\\"\\"');
	const rest: [string, string][] = [['query', 'QUERY']];
	if (Object.keys(r.variables).length > 0) rest.push(['variables', pythonLiteral(r.variables, 1)]);
	if (r.operationName) rest.push(['operationName', JSON.stringify(r.operationName)]);
	return `${secrets ? 'import os\n\n' : ''}import requests

QUERY = """
${query}
"""

answer = requests.post(
    ${JSON.stringify(r.url)},
    headers={${headers.length > 0 ? `\n${headers.map((h) => `    ${h}`).join('')}    ` : ''}},
    json={${rest.map(([k, v]) => `"${k}": ${v}`).join(', ')}},
    timeout=30,
)
answer.raise_for_status()
print(answer.json())
`;
}

const inTemplate = (s: string) => s.replace(/[`\\]|\$\{/g, (m) => `\\${m}`);

/** As an expression; numbers that JavaScript would round are in a text. */
function fetchBody(r: RequestToExport): string {
	const variables = JSON.stringify(r.variables);
	const name = r.operationName && JSON.stringify(r.operationName);
	if (JSON.stringify(JSON.parse(variables)) !== variables) {
		const rest = `"variables":${variables}${name ? `,"operationName":${name}` : ''}`;
		return `\`{"query":\${JSON.stringify(query)},${inTemplate(rest)}}\``;
	}
	const members = ['query'];
	if (Object.keys(r.variables).length > 0) members.push(`variables: ${variables}`);
	if (name) members.push(`operationName: ${name}`);
	return `JSON.stringify({ ${members.join(', ')} })`;
}

function fetchCode(r: RequestToExport): string {
	const headers = [`    'content-type': 'application/json',\n`];
	for (const [k, v] of Object.entries(r.headers)) {
		const secret = schemeOf(v) ? `\`${schemeOf(v)}\${${secretVariable(k)}}\`` : secretVariable(k);
		headers.push(`    ${JSON.stringify(k)}: ${isSecretHeader(k) ? secret : JSON.stringify(v)},\n`);
	}
	return `const query = \`
${inTemplate(r.query.trim())}
\`;

const answer = await fetch(${JSON.stringify(r.url)}, {
  method: 'POST',
  headers: {
${headers.join('')}  },
  body: ${fetchBody(r)},
});
const { data, errors } = await answer.json();
`;
}

export function exportCode(language: Language, r: RequestToExport): string {
	if (language === 'curl') return `${curl(r)}\n`;
	return language === 'python' ? python(r) : fetchCode(r);
}
