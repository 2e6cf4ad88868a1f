import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `base: './'`: the console may be served under any path prefix; the server writes <base href> into index.html.
export default defineConfig({
	base: './',
	plugins: [react()],
	resolve: {
		alias: {
			'@': fileURLToPath(new URL('./src', import.meta.url)),
			// GraphQL's completion wants two enumerations of it; the whole is 21 KB that nothing else uses.
			'vscode-languageserver-types': fileURLToPath(
				new URL('./src/features/explorer/languageServer.ts', import.meta.url),
			),
		},
	},
	build: {
		outDir: 'dist',
		emptyOutDir: true,
		sourcemap: false,
		target: 'es2022',
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		chunkSizeWarningLimit: 700,
	},
	server: {
		// `npm run dev` beside a running `weir serve`: WEIR_URL names another one.
		proxy: Object.fromEntries(
			['/v1', '/v2', '/v1alpha1', '/apis', '/console/config.json'].map((path) => [
				path,
				{ target: process.env.WEIR_URL ?? 'http://127.0.0.1:8080', ws: true },
			]),
		),
	},
	test: {
		// Numbers with all their digits: browsers have it, Node.js 20 only when asked.
		execArgv: 'rawJSON' in JSON ? [] : ['--harmony-json-parse-with-source'],
		environment: 'node',
		include: ['src/**/*.test.ts', 'src/**/*.test.tsx'],
	},
});
