import { Table } from '@mantine/core';

/** The head of a table; `actions`: its last column has buttons. */
export function ColumnHeads({ names, actions }: { names: string[]; actions?: boolean }) {
	return (
		<Table.Thead>
			<Table.Tr>
				{names.map((n) => (
					<Table.Th key={n}>{n}</Table.Th>
				))}
				{actions && (
					<Table.Th>
						<span hidden>Actions</span>
					</Table.Th>
				)}
			</Table.Tr>
		</Table.Thead>
	);
}
