// A cell as it is read: NULL is not the empty text, numbers stand to the right, foreign keys are links.
import { memo, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { Column } from '@/model/catalog';
import classes from './browse.module.css';
import { isNumeric, kindOf } from './model/kinds';
import { type Cell, cellText, isCut } from './model/read';
import type { Change } from './model/write';

export function sizeOf(n: number): string {
	return n < 10_000
		? `${n.toLocaleString('en')} characters`
		: `${Math.round(n / 1000).toLocaleString('en')} k characters`;
}

export const Null = () => <span className={classes.null}>NULL</span>;

export function Value({ text }: { text: string | null }) {
	if (text === null) return <Null />;
	if (text === '') return <span className={classes.null}>empty</span>;
	return <>{text.length > 400 ? `${text.slice(0, 400)}…` : text}</>;
}

export function changeText(change: Change): ReactNode {
	if (change.to === 'null') return <Null />;
	if (change.to === 'default') return <span className={classes.null}>DEFAULT</span>;
	return <Value text={change.text} />;
}

export const CellView = memo(function CellView(props: {
	column: Column;
	cell: Cell | undefined;
	change?: Change;
	/** The row a foreign key names. */
	href?: string | null;
	label?: string | null;
	onWhole?: () => void;
}) {
	const { column, cell, change, href, label } = props;
	const text = cellText(cell);
	const kind = kindOf(column);
	if (change)
		return (
			<>
				<del className={classes.old}>
					<Value text={text} />
				</del>{' '}
				<ins className={classes.new}>{changeText(change)}</ins>
			</>
		);
	if (text === null) return <Null />;
	if (href)
		return (
			<Link href={href} className={classes.chip} tabIndex={-1} title={`Go to ${label ?? text}`}>
				<span className={label ? classes.chipKey : undefined}>{text}</span>
				{label && <span>{label}</span>}
			</Link>
		);
	if (isCut(cell))
		return (
			<span className={classes.cut}>
				<span className={kind === 'text' ? classes.cutText : classes.cutMono}>{text}…</span>
				<button
					type="button"
					tabIndex={-1}
					className={classes.whole}
					onClick={props.onWhole}
					title="Load the whole value"
				>
					{sizeOf(cell.length)}
				</button>
			</span>
		);
	if (kind === 'bool') return <span className={text === 'true' ? classes.yes : classes.no}>{text}</span>;
	if (kind === 'text' || isNumeric(kind) || text === '') return <Value text={text} />;
	return (
		<span className={kind === 'json' || kind === 'array' || kind === 'geo' ? classes.mono : undefined}>{text}</span>
	);
});
