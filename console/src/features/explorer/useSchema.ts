// The schema as the headers' role sees it: another role, another schema.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { keys } from '@/api/keys';
import { notifyError } from '@/ui/notify';
import { loadSchema } from './load';
import { headersOf } from './model/headers';
import { requestHeaders } from './run';
import { useExplorer } from './store';

/** Typing into the headers table asks the server when it pauses. */
function useSettled<T>(value: T, ms: number): T {
	const [settled, setSettled] = useState(value);
	useEffect(() => {
		const timer = setTimeout(() => setSettled(value), ms);
		return () => clearTimeout(timer);
	}, [value, ms]);
	return settled;
}

export function useSchema() {
	const rows = useExplorer((s) => s.rows);
	const asAdmin = useExplorer((s) => s.asAdmin);
	const table = useMemo(() => ({ ...headersOf(rows), ...(asAdmin ? { '': 'admin' } : {}) }), [rows, asAdmin]);
	const settled = useSettled(table, 350);
	const client = useQueryClient();
	const queryKey = keys.introspection(settled);
	return useQuery({
		queryKey,
		queryFn: ({ signal }) => {
			const { '': admin, ...headers } = settled as Record<string, string>;
			return loadSchema(
				requestHeaders(headers, admin !== undefined),
				signal,
				// A part that comes late must not replace a schema that was read anew meanwhile.
				(before, after) => client.setQueryData(queryKey, (now) => (now === before ? after : now)),
				(e) => notifyError(e, 'A part of the schema cannot be read'),
			);
		},
		staleTime: 60_000,
		structuralSharing: false,
	});
}
