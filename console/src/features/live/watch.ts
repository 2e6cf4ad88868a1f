// A subscription of the console's own with the values of a cohort: it joins that cohort, and costs the database nothing.
import { createClient } from 'graphql-ws';
import { adminHeaders } from '@/api/client';
import { serverUrl } from '@/api/session';
import { type CohortInfo, type GroupInfo, headersOf } from './model/live';

export interface Watched {
	/** The results, as text; the newest last, two at most. */
	texts: string[];
	count: number;
	at: number | null;
	ended: string | null;
}

export const NOTHING: Watched = { texts: [], count: 0, at: null, ended: null };

export function watch(
	group: GroupInfo,
	cohort: CohortInfo,
	show: (next: (old: Watched) => Watched) => void,
): () => void {
	const client = createClient({
		url: serverUrl('v1/graphql').replace(/^http/, 'ws'),
		connectionParams: { headers: { ...adminHeaders(), ...headersOf(group, cohort) } },
		retryAttempts: 0,
	});
	const end = (why: string) => show((old) => ({ ...old, ended: old.ended ?? why }));
	const stop = client.subscribe(
		{
			query: cohort.weir?.query ?? '',
			operationName: cohort.weir?.operation_name,
			variables: cohort.variables.query,
		},
		{
			next: (result) =>
				show((old) => ({
					...old,
					texts: [...old.texts.slice(-1), JSON.stringify(result.errors ?? result.data, null, 2)],
					count: old.count + 1,
					at: Date.now(),
				})),
			error: (e) => end(e instanceof Error ? e.message : `It ended: ${JSON.stringify(e).slice(0, 300)}`),
			complete: () => end('It ended.'),
		},
	);
	return () => {
		stop();
		client.dispose();
	};
}
