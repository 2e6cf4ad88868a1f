// Whether the server answers. Who finds that it does not says so; then it is asked until it does.
import { create } from 'zustand';

const EVERY = 2000;

export const useReach = create<{ away: boolean }>(() => ({ away: false }));

let watching: Promise<void> | null = null;

/** Any answer of the server that this page came from will do. */
export function answers(): Promise<boolean> {
	return fetch(new URL('config.json', document.baseURI).href, { credentials: 'same-origin', cache: 'no-store' }).then(
		() => true,
		() => false,
	);
}

async function watch(every: number): Promise<void> {
	do await new Promise((done) => setTimeout(done, every));
	while (!(await answers()));
	watching = null;
	useReach.setState({ away: false });
}

/** The server could not be reached; resolved as soon as it answers. */
export function untilThere(every = EVERY): Promise<void> {
	useReach.setState({ away: true });
	watching ??= watch(every);
	return watching;
}
