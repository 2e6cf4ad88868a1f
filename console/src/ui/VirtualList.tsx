// A long list of equal rows: only those in sight are in the page.
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useRef } from 'react';

export function VirtualList<T>(props: {
	items: T[];
	rowHeight: number;
	render: (item: T, index: number) => ReactNode;
	keyOf: (item: T) => string;
	label: string;
	/** Fills the parent if left out. */
	maxHeight?: number;
	className?: string;
}) {
	const { items, rowHeight, keyOf, maxHeight } = props;
	const scroller = useRef<HTMLElement>(null);
	const rows = useVirtualizer({
		count: items.length,
		getScrollElement: () => scroller.current,
		estimateSize: () => rowHeight,
		overscan: 12,
		getItemKey: (i) => {
			const item = items[i];
			return item === undefined ? i : keyOf(item);
		},
	});
	return (
		<section
			ref={scroller}
			className={props.className}
			style={{ overflow: 'auto', maxHeight, height: maxHeight ? undefined : '100%' }}
			// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
			tabIndex={0}
			aria-label={props.label}
		>
			<ul style={{ height: rows.getTotalSize(), position: 'relative', margin: 0, padding: 0, listStyle: 'none' }}>
				{rows.getVirtualItems().map((v) => {
					const item = items[v.index];
					return item === undefined ? null : (
						<li
							key={v.key}
							aria-setsize={items.length}
							aria-posinset={v.index + 1}
							style={{ position: 'absolute', insetInline: 0, top: v.start, height: rowHeight }}
						>
							{props.render(item, v.index)}
						</li>
					);
				})}
			</ul>
		</section>
	);
}
