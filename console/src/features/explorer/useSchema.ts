// The schema as the headers' role sees it: another role, another schema.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { keys } from '@/api/keys';
import { headersOf } from './model/headers';
import { fetchSchema, requestHeaders } from './run';
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
	return useQuery({
		queryKey: keys.introspection(settled),
		queryFn: ({ signal }) => {
			const { '': admin, ...headers } = settled as Record<string, string>;
			return fetchSchema(requestHeaders(headers, admin !== undefined), signal);
		},
		staleTime: 60_000,
		structuralSharing: false,
	});
}
