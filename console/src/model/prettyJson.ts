// JSON laid out for reading without reading its numbers: bigint and numeric keep every digit.

const SPACE = /\s/;

export function prettyJson(text: string, tab = '  '): string {
	let out = '';
	let depth = 0;
	let i = 0;
	const line = () => `\n${tab.repeat(Math.min(depth, 200))}`;
	while (i < text.length) {
		const c = text[i] ?? '';
		if (c === '"') {
			let end = i + 1;
			while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
			out += text.slice(i, end + 1);
			i = end + 1;
			continue;
		}
		if (c === '{' || c === '[') {
			const close = c === '{' ? '}' : ']';
			let next = i + 1;
			while (SPACE.test(text[next] ?? '')) next++;
			if (text[next] === close) {
				out += c + close;
				i = next + 1;
				continue;
			}
			depth++;
			out += c + line();
		} else if (c === '}' || c === ']') {
			depth--;
			out += line() + c;
		} else if (c === ',') out += c + line();
		else if (c === ':') out += ': ';
		else if (!SPACE.test(c)) out += c;
		i++;
	}
	return out;
}

export function sizeText(bytes: number): string {
	if (bytes < 1024) return `${bytes} B`;
	if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
	return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
