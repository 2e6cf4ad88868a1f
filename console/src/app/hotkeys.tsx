// `g` then a letter jumps to a section, `?` shows the keys. Nothing happens while somebody types.
import { useEffect } from 'react';
import { sections } from './registry';

function typing(target: EventTarget | null): boolean {
	return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable="true"]') !== null;
}

export function useHotkeys(go: (href: string) => void) {
	useEffect(() => {
		let armed = 0;
		const onKey = (e: KeyboardEvent) => {
			if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target)) return;
			if (e.key === '?') {
				document.dispatchEvent(new CustomEvent('weir:keys'));
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
