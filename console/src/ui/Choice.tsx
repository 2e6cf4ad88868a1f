import { SegmentedControl } from '@mantine/core';

/** One of a few, all in sight. */
export function Choice<T extends string>(props: {
	label: string;
	value: T;
	options: [T, string][];
	onChange: (value: T) => void;
}) {
	return (
		<SegmentedControl
			size="xs"
			aria-label={props.label}
			value={props.value}
			onChange={(v) => props.onChange(v as T)}
			data={props.options.map(([value, label]) => ({ value, label }))}
		/>
	);
}
