/** JSON.parse with every number as its text: bigint and numeric keep their digits. */
export function parseExact(text: string): unknown {
	const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
		token.startsWith('"') ? token : `"${token}"`,
	);
	return JSON.parse(quoted);
}
