// Parts of the console that are loaded when they are wanted. While the server is away they are awaited: React would keep
// the failure, and the page would stay dead when the server is there again.
import { lazy } from 'react';
import { answers, untilThere } from '@/api/reach';

/** A style sheet that did not come is not asked for a second time by the loader of modules. */
function renewStyles(): Promise<unknown> {
	const failed = [...document.querySelectorAll<HTMLLinkElement>('head link[rel="stylesheet"]')].filter((l) => !l.sheet);
	return Promise.all(
		failed.map(
			(old) =>
				new Promise((done) => {
					const link = old.cloneNode() as HTMLLinkElement;
					link.onload = done;
					link.onerror = done;
					old.replaceWith(link);
				}),
		),
	);
}

export async function loadWhenThere<T>(load: () => Promise<T>, every?: number): Promise<T> {
	for (;;) {
		try {
			return await load();
		} catch (e) {
			// A server that answers has no such part: it is of another version.
			if (await answers()) throw e;
			await untilThere(every);
			await renewStyles();
		}
	}
}

export const later: typeof lazy = (load) => lazy(() => loadWhenThere(load));
