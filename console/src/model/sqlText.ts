// Names and values in SQL text. PostgreSQL: standard_conforming_strings is on, so only the quote itself is special.

export const ident = (name: string) => `"${name.replaceAll('"', '""')}"`;

export const literal = (value: string | null) =>
	value === null ? 'NULL' : value.includes('\0') ? bad() : `'${value.replaceAll("'", "''")}'`;

export const qualifiedSql = (t: { schema: string; name: string }) => `${ident(t.schema)}.${ident(t.name)}`;

function bad(): never {
	throw new Error('Text with a NUL character cannot be stored in PostgreSQL.');
}

/** A dollar quote that does not occur in the body. */
export function dollarQuoted(body: string): string {
	let tag = '$weir$';
	for (let i = 0; body.includes(tag); i++) tag = `$weir${i}$`;
	return `${tag}${body}${tag}`;
}
