// All of a long value.
import { Button, Code, Group, Modal, Text } from '@mantine/core';
import { copyText } from './copyText';
import type { Cell } from './model/table';

export default function ValueDialog({ title, value, onClose }: { title: string; value: Cell; onClose: () => void }) {
	return (
		<Modal opened onClose={onClose} title={title} size="xl" closeButtonProps={{ 'aria-label': 'Close' }}>
			{value === null ? (
				<Text c="dimmed">NULL</Text>
			) : (
				<>
					<Group justify="space-between" mb="xs">
						<Text size="sm" c="dimmed">
							{value.length.toLocaleString('en')} characters
						</Text>
						<Button size="compact-sm" variant="default" onClick={() => copyText(value, 'the value')}>
							Copy
						</Button>
					</Group>
					<Code block style={{ maxHeight: '60vh', overflow: 'auto', whiteSpace: 'pre-wrap' }}>
						{pretty(value)}
					</Code>
				</>
			)}
		</Modal>
	);
}

function pretty(text: string): string {
	if (!/^\s*[[{]/.test(text) || text.length > 200_000) return text;
	try {
		return JSON.stringify(JSON.parse(text), null, 2);
	} catch {
		return text; // an array of PostgreSQL, or no JSON at all
	}
}
