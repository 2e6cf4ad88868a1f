import { ActionIcon } from '@mantine/core';
import { IconCross } from './icons';

/** Takes a line out of a form; nothing is saved by it. What is deleted for good has a bin. */
export function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
	return (
		<ActionIcon size="sm" variant="subtle" color="gray" aria-label={label} onClick={onClick}>
			<IconCross size={13} />
		</ActionIcon>
	);
}
