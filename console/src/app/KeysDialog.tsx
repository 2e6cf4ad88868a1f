import { Kbd, Modal, Table, Title } from '@mantine/core';
import { type KeyLine, useShownKeys } from '@/ui/pageKeys';
import { sections } from './registry';

const KEYS: KeyLine[] = [
	[['Ctrl', 'K'], 'Command palette'],
	[['?'], 'This list'],
	[['Ctrl', 'Enter'], 'Run the query, apply the form'],
	[['↑', '↓', '←', '→'], 'Move in trees and grids'],
	[['Enter'], 'Open'],
	[['Escape'], 'Close'],
];

export default function KeysDialog({ onClose }: { onClose: () => void }) {
	const page = useShownKeys();
	const rows = [...sections.map((s): KeyLine => [['g', s.key], `Go to ${s.label}`]), ...KEYS];
	return (
		<Modal opened onClose={onClose} title="Keyboard" closeButtonProps={{ 'aria-label': 'Close' }}>
			{page.lines.length > 0 && (
				<>
					<Title order={3} size="h5">
						{page.title}
					</Title>
					<KeyTable rows={page.lines} />
					<Title order={3} size="h5" mt="md">
						Everywhere
					</Title>
				</>
			)}
			<KeyTable rows={rows} />
		</Modal>
	);
}

function KeyTable({ rows }: { rows: KeyLine[] }) {
	return (
		<Table>
			<Table.Tbody>
				{rows.map(([key, what]) => (
					<Table.Tr key={what}>
						<Table.Td w={170}>
							{key.map((k) => (
								<Kbd key={k} mr={4}>
									{k}
								</Kbd>
							))}
						</Table.Td>
						<Table.Td>{what}</Table.Td>
					</Table.Tr>
				))}
			</Table.Tbody>
		</Table>
	);
}
