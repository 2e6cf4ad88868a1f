// Command palette: every feature's actions, found by words in any order.
import { Spotlight, spotlight } from '@mantine/spotlight';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { currentMetadata } from '@/api/hooks';
import { useSession } from '@/api/session';
import { IconSearch } from '@/ui/icons';
import { notifyError } from '@/ui/notify';
import type { PaletteAction } from './feature';
import { findActions } from './findActions';
import { features } from './registry';

const SHOWN = 40;

/** Opens when it appears, and whenever `asked` is another number. */
export default function Palette({ asked }: { asked: number }) {
	const [query, setQuery] = useState('');
	const [actions, setActions] = useState<PaletteAction[]>([]);
	const [, go] = useLocation();
	const client = useQueryClient();
	const config = useSession((s) => s.config);

	// biome-ignore lint/correctness/useExhaustiveDependencies: a new number asks again
	useEffect(() => spotlight.open(), [asked]);

	const collect = () => {
		if (!config) return;
		const context = { metadata: currentMetadata(client), config, go };
		setActions(features.flatMap((f) => f.actions?.(context) ?? []));
	};
	const found = useMemo(() => findActions(actions, query, SHOWN), [actions, query]);
	const groups = useMemo(() => [...new Set(found.map((a) => a.group))], [found]);

	return (
		<Spotlight.Root
			query={query}
			onQueryChange={setQuery}
			onSpotlightOpen={collect}
			shortcut={null}
			maxHeight={420}
			scrollable
			// It stays where it is while what is found gets less.
			centered={false}
			yOffset="12vh"
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
	);
}
