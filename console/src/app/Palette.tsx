// Command palette: every feature's actions, found by words in any order.
import { Kbd, Modal, Table, Title } from '@mantine/core';
import { Spotlight, spotlight } from '@mantine/spotlight';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { currentMetadata } from '@/api/hooks';
import { useSession } from '@/api/session';
import { IconSearch } from '@/ui/icons';
import { notifyError } from '@/ui/notify';
import { type KeyLine, useShownKeys } from '@/ui/pageKeys';
import type { PaletteAction } from './feature';
import { findActions } from './findActions';
import { features, sections } from './registry';

const SHOWN = 40;

export const openPalette = () => spotlight.open();

export function Palette() {
	const [query, setQuery] = useState('');
	const [actions, setActions] = useState<PaletteAction[]>([]);
	const [, go] = useLocation();
	const client = useQueryClient();
	const config = useSession((s) => s.config);

	const collect = () => {
		if (!config) return;
		const context = { metadata: currentMetadata(client), config, go };
		setActions(features.flatMap((f) => f.actions?.(context) ?? []));
	};
	const found = useMemo(() => findActions(actions, query, SHOWN), [actions, query]);
	const groups = useMemo(() => [...new Set(found.map((a) => a.group))], [found]);

	return (
		<>
			<Spotlight.Root
				query={query}
				onQueryChange={setQuery}
				onSpotlightOpen={collect}
				shortcut={['mod + K', 'mod + P']}
				maxHeight={420}
				scrollable
				transitionProps={{ duration: 0 }}
			>
				<Spotlight.Search
					placeholder="A table, a page, something to do…"
					aria-label="Search for tables, pages and actions"
					leftSection={<IconSearch />}
				/>
				<Spotlight.ActionsList>
					{found.length === 0 && <Spotlight.Empty>Nothing found</Spotlight.Empty>}
					{groups.map((group) => (
						<Spotlight.ActionsGroup key={group} label={group}>
							{found
								.filter((a) => a.group === group)
								.map((a) => (
									<Spotlight.Action
										key={a.id}
										label={a.label}
										description={a.description}
										onClick={() => Promise.resolve(a.run()).catch(notifyError)}
									/>
								))}
						</Spotlight.ActionsGroup>
					))}
				</Spotlight.ActionsList>
			</Spotlight.Root>
			<KeysDialog />
		</>
	);
}

const KEYS: KeyLine[] = [
	[['Ctrl', 'K'], 'Command palette'],
	[['?'], 'This list'],
	[['Ctrl', 'Enter'], 'Run the query, apply the form'],
	[['↑', '↓', '←', '→'], 'Move in trees and grids'],
	[['Enter'], 'Open'],
	[['Escape'], 'Close'],
];

function KeysDialog() {
	const [open, setOpen] = useState(false);
	useEffect(() => {
		const show = () => setOpen(true);
		document.addEventListener('weir:keys', show);
		return () => document.removeEventListener('weir:keys', show);
	}, []);
	const page = useShownKeys();
	const rows = [...sections.map((s): KeyLine => [['g', s.key], `Go to ${s.label}`]), ...KEYS];
	return (
		<Modal opened={open} onClose={() => setOpen(false)} title="Keyboard" closeButtonProps={{ 'aria-label': 'Close' }}>
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
