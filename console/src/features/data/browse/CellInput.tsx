// The editor inside a cell. Enter and Tab keep the value, Escape does not, leaving the cell keeps what is valid.
import { type KeyboardEvent, useRef, useState } from 'react';
import type { Column } from '@/model/catalog';
import { kindOf } from './model/kinds';
import { type Change, problemOf } from './model/write';
import { ValueInput, type ValueInputProps } from './ValueInput';

export type After = 'stay' | 'down' | 'right' | 'left';

const BOOLEANS = ['true', 'false'];

/** Where one value of a few is chosen, the first one that begins like this. */
function startingText(column: Column, typed: string): string | null {
	const choices = column.enumValues ?? (kindOf(column) === 'bool' ? BOOLEANS : null);
	if (!choices) return typed;
	return choices.find((c) => c.toLowerCase().startsWith(typed.toLowerCase())) ?? null;
}

export function CellInput(props: {
	of: Pick<ValueInputProps, 'source' | 'info' | 'column'>;
	/** Null: the cell is NULL. */
	initial: string | null;
	/** What was typed on the cell: it takes the value's place. */
	start: string | null;
	onDone: (change: Change | null, after: After) => void;
	onProblem: (text: string | null) => void;
}) {
	const { of, initial, onDone, onProblem } = props;
	const start = props.start === null ? null : startingText(of.column, props.start);
	const [value, setValue] = useState(start ?? initial ?? '');
	const [typed, setTyped] = useState(start !== null);
	const over = useRef(false);
	const change = (): Change | null => {
		if (!typed) return null;
		const empty = value.trim() === '' && kindOf(of.column) !== 'text' && kindOf(of.column) !== 'other';
		return empty ? { to: 'null' } : { to: 'value', text: value };
	};
	const problem = () => {
		const c = change();
		return c && problemOf(of.column, c);
	};
	const finish = (after: After) => {
		const why = problem();
		onProblem(why);
		if (why || over.current) return;
		over.current = true;
		onDone(change(), after);
	};
	const cancel = () => {
		over.current = true;
		onProblem(null);
		onDone(null, 'stay');
	};
	const onKeyDown = (e: KeyboardEvent) => {
		if (e.key === 'Enter' && !e.defaultPrevented) finish('down');
		else if (e.key === 'Tab') finish(e.shiftKey ? 'left' : 'right');
		else if (e.key === 'Escape') cancel();
		else return;
		e.preventDefault();
		e.stopPropagation();
	};
	return (
		<ValueInput
			{...of}
			inline
			autoFocus
			fresh={start !== null}
			label={`${of.column.name}, new value`}
			placeholder={initial === null ? 'NULL' : undefined}
			value={value}
			error={problem() !== null}
			onChange={(v) => {
				setTyped(true);
				setValue(v);
			}}
			onKeyDown={onKeyDown}
			onBlur={() => {
				if (over.current) return;
				if (problem()) cancel();
				else finish('stay');
			}}
		/>
	);
}
