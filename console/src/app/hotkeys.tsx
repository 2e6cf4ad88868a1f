// Ctrl-K opens the palette, `g` then a letter jumps to a section, `?` shows the keys. Nothing happens while somebody types.
import { useEffect } from 'react';
import { openKeys, openPalette } from './Dialogs';
import { sections } from './registry';

function typing(target: EventTarget | null): boolean {
	return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable="true"]') !== null;
}

export function useHotkeys(go: (href: string) => void) {
	useEffect(() => {
		let armed = 0;
		const onKey = (e: KeyboardEvent) => {
			if ((e.ctrlKey || e.metaKey) && !e.altKey && (e.key === 'k' || e.key === 'p')) {
				e.preventDefault();
				openPalette();
				return;
			}
			if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target)) return;
			if (e.key === '?') {
				openKeys();
				return;
			}
			if (e.key === 'g') {
				armed = Date.now();
				return;
			}
			const to = Date.now() - armed < 1500 ? sections.find((s) => s.key === e.key) : undefined;
			armed = 0;
			if (to) {
				e.preventDefault();
				go(to.href);
			}
		};
		document.addEventListener('keydown', onKey);
		return () => document.removeEventListener('keydown', onKey);
	}, [go]);
}
