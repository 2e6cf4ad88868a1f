import { Button, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useApply } from '@/api/hooks';
import { keys } from '@/api/keys';
import { type QualifiedName, type SourceMetadata, tableLabel } from '@/model/metadata';
import { type NamingStyle, nameSuggestions, type Suggestion, suggestionOp } from '@/model/relationships';
import { Choice } from '@/ui/Choice';
import { notifyDone, notifyError } from '@/ui/notify';
import { Empty } from '@/ui/Page';
import { VirtualList } from '@/ui/VirtualList';
import { Section } from './Section';
import classes from './Section.module.css';

function columnsOf({ fk, reverse }: Suggestion): string {
	const [own, there] = [fk.columns.join(', '), fk.targetColumns.join(', ')];
	return reverse ? `${there} ← ${tableLabel(fk.table)}.${own}` : `${own} → ${tableLabel(fk.target)}.${there}`;
}

export function SuggestionsSection({ source, suggestions }: { source: SourceMetadata; suggestions: Suggestion[] }) {
	const [style, setStyle] = useState<NamingStyle>('short');
	const [own, setOwn] = useState<Record<string, string>>({});
	const apply = useApply();
	const client = useQueryClient();
	const names = useMemo(() => {
		const columns = (t: QualifiedName) =>
			(client.getQueryData<{ columns: { name: string }[] }>(keys.table(source.name, t))?.columns ?? []).map(
				(c) => c.name,
			);
		return {
			short: nameSuggestions(suggestions, 'short', source, columns),
			'by-column': nameSuggestions(suggestions, 'by-column', source, columns),
		};
	}, [suggestions, source, client]);
	const nameOf = (s: Suggestion) => own[s.id] ?? names[style].get(s.id) ?? s.names[style];
	const add = async (list: Suggestion[]) => {
		try {
			await apply.mutateAsync({ ops: list.map((s) => suggestionOp(s, nameOf(s), source.name)) });
			notifyDone(
				list.length === 1 && list[0] ? `${nameOf(list[0])} was added.` : `${list.length} relationships were added.`,
			);
			setOwn({});
		} catch (e) {
			notifyError(e, 'Not added');
		}
	};
	const other = style === 'short' ? 'by-column' : 'short';
	return (
		<Section
			title="Suggested relationships"
			hint={suggestions.length > 0 ? 'From foreign keys between tracked tables.' : undefined}
			actions={
				suggestions.length > 0 && (
					<>
						<Choice
							label="Style of names"
							value={style}
							onChange={setStyle}
							options={[
								['short', 'Short names'],
								['by-column', 'Names by column'],
							]}
						/>
						<Button size="xs" loading={apply.isPending} onClick={() => add(suggestions)}>
							Add all {suggestions.length}
						</Button>
					</>
				)
			}
		>
			{suggestions.length === 0 ? (
				<Empty title="Nothing to suggest">
					{source.tables.length === 0
						? 'Track tables first: relationships are suggested from the foreign keys between tracked tables.'
						: 'Every foreign key between tracked tables of this schema has its relationships.'}
				</Empty>
			) : (
				<VirtualList
					className={classes.list}
					label="Suggested relationships"
					items={suggestions}
					rowHeight={38}
					maxHeight={Math.min(suggestions.length, 11) * 38 + 2}
					keyOf={(s) => s.id}
					render={(s) => (
						<div className={classes.row}>
							<Button
								size="compact-xs"
								variant="default"
								aria-label={`Add ${nameOf(s)} to ${s.table.name}`}
								disabled={apply.isPending}
								onClick={() => add([s])}
							>
								Add
							</Button>
							<span className={classes.dim} style={{ width: 44 }}>
								{s.kind}
							</span>
							<span className={classes.owner} title={tableLabel(s.table)}>
								{tableLabel(s.table)}
							</span>
							<TextInput
								size="xs"
								className={classes.named}
								aria-label={`Name of the relationship from ${s.table.name} to ${s.remote.name}`}
								value={nameOf(s)}
								onChange={(e) => {
									const { value } = e.currentTarget;
									setOwn((all) => ({ ...all, [s.id]: value }));
								}}
							/>
							<span className={`${classes.other} ${classes.dim}`} title="in the other style">
								or {names[other].get(s.id)}
							</span>
							<span className={`${classes.grow} ${classes.mono} ${classes.dim}`} title={columnsOf(s)}>
								{columnsOf(s)}
							</span>
						</div>
					)}
				/>
			)}
		</Section>
	);
}
