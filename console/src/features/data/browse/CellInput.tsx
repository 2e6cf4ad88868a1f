// The editor inside a cell. Enter and Tab keep the value, Escape does not, leaving the cell keeps what is valid.
import { type KeyboardEvent, useRef, useState } from 'react';
import { kindOf } from './model/kinds';
import { type Change, problemOf } from './model/write';
import { ValueInput, type ValueInputProps } from './ValueInput';

export type After = 'stay' | 'down' | 'right' | 'left';

export function CellInput(props: {
	of: Pick<ValueInputProps, 'source' | 'info' | 'column'>;
	/** Null: the cell is NULL. */
	initial: string | null;
	onDone: (change: Change | null, after: After) => void;
	onProblem: (text: string | null) => void;
}) {
	const { of, initial, onDone, onProblem } = props;
	const [value, setValue] = useState(initial ?? '');
	const [typed, setTyped] = useState(false);
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
