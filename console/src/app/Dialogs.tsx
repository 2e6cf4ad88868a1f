// The command palette and the list of keys: no part of the shell, loaded when they are wanted for the first time.
import { Suspense, useEffect, useState } from 'react';
import { later } from '@/ui/later';

const loadPalette = () => import('./Palette');
const Palette = later(loadPalette);
const KeysDialog = later(() => import('./KeysDialog'));

export const openPalette = () => document.dispatchEvent(new CustomEvent('weir:palette'));
export const openKeys = () => document.dispatchEvent(new CustomEvent('weir:keys'));

export function Dialogs() {
	const [palette, setPalette] = useState(0);
	const [keys, setKeys] = useState(false);
	useEffect(() => {
		const showPalette = () => setPalette((n) => n + 1);
		const showKeys = () => setKeys(true);
		document.addEventListener('weir:palette', showPalette);
		document.addEventListener('weir:keys', showKeys);
		// When the page is there and nobody waits: who presses Ctrl-K types at once. If the server is away then, it is asked again.
		const early = setTimeout(() => loadPalette().catch(() => undefined), 1500);
		return () => {
			clearTimeout(early);
			document.removeEventListener('weir:palette', showPalette);
			document.removeEventListener('weir:keys', showKeys);
		};
	}, []);
	return (
		<Suspense fallback={null}>
			{palette > 0 && <Palette asked={palette} />}
			{keys && <KeysDialog onClose={() => setKeys(false)} />}
		</Suspense>
	);
}
