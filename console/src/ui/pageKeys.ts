// The keys of the page in sight, for the list behind `?`.
import { useEffect } from 'react';
import { create } from 'zustand';

export type KeyLine = [keys: string[], what: string];

export const useShownKeys = create<{ title: string; lines: KeyLine[] }>(() => ({ title: '', lines: [] }));

/** `lines` must be a constant. */
export function usePageKeys(title: string, lines: KeyLine[]) {
	useEffect(() => {
		useShownKeys.setState({ title, lines });
		return () => useShownKeys.setState({ title: '', lines: [] });
	}, [title, lines]);
}
