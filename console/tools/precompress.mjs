// Writes NAME.br and NAME.gz beside every file of dist but index.html, which the server fills in for each page.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
	if (!entry.isFile() || entry.name === 'index.html') continue;
	const path = join(entry.parentPath ?? entry.path, entry.name);
	const bytes = readFileSync(path);
	const brotli = brotliCompressSync(bytes, {
		params: {
			[constants.BROTLI_PARAM_QUALITY]: 11,
			[constants.BROTLI_PARAM_LGWIN]: 22,
			[constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
		},
	});
	writeFileSync(`${path}.br`, brotli);
	writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
