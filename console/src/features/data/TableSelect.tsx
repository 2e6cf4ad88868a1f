// A table of many: found by typing, so that thousands of them are no list of thousands of entries in the page.
import { Select } from '@mantine/core';
import { useMemo } from 'react';
import { type QualifiedName, tableKey, tableLabel } from '@/model/metadata';

const SHOWN = 60;

export function TableSelect(props: {
	tables: QualifiedName[];
	value: string;
	onChange: (t: QualifiedName) => void;
	label?: string;
	ariaLabel?: string;
	size?: 'xs' | 'sm';
}) {
	const { tables, onChange } = props;
	const data = useMemo(() => tables.map((t) => ({ value: tableKey(t), label: tableLabel(t) })), [tables]);
	return (
		<Select
			searchable
			allowDeselect={false}
			size={props.size}
			label={props.label}
			aria-label={props.ariaLabel}
			limit={SHOWN}
			data={data}
			value={props.value}
			nothingFoundMessage="No tracked table has this name"
			onChange={(key) => {
				const found = tables.find((t) => tableKey(t) === key);
				if (found) onChange(found);
			}}
		/>
	);
}
