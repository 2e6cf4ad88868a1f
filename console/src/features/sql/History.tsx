import { Button, Group, Text, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { confirm } from '@/ui/confirm';
import { Empty } from '@/ui/Page';
import { VirtualList } from '@/ui/VirtualList';
import { findInHistory } from './model/history';
import classes from './sql.module.css';
import { useSql } from './store';

/** What was run in this browser, newest first. */
export function History() {
	const { history, set } = useSql();
	const [words, setWords] = useState('');
	const found = useMemo(() => findInHistory(history, words), [history, words]);
	const forget = async () => {
		const yes = await confirm({
			title: 'Forget all statements?',
			body: 'They are kept in this browser only.',
			action: 'Forget all',
			danger: true,
		});
		if (yes) set({ history: [] });
	};
	return (
		<aside className={classes.history} aria-label="History">
			<Group gap="xs" p="xs" wrap="nowrap">
				<TextInput
					size="xs"
					type="search"
					style={{ flex: 1 }}
					aria-label="Find a statement"
					placeholder="Find a statement"
					value={words}
					onChange={(e) => setWords(e.currentTarget.value)}
				/>
				<Button size="compact-xs" variant="subtle" color="gray" disabled={history.length === 0} onClick={forget}>
					Forget all
				</Button>
			</Group>
			{found.length === 0 ? (
				<div className={classes.pad}>
					<Empty title={history.length === 0 ? 'Nothing was run yet' : 'No statement with these words'} />
				</div>
			) : (
				<div className={classes.historyList}>
					<VirtualList
						label="Statements"
						items={found}
						rowHeight={64}
						keyOf={(h) => `${h.source} ${h.sql}`}
						render={(h) => (
							<button
								type="button"
								className={classes.item}
								title={h.sql}
								onClick={() => set({ text: h.sql, source: h.source })}
							>
								<span className={classes.itemSql}>{h.sql}</span>
								<Text size="xs" c={h.error ? 'red' : 'dimmed'} truncate>
									{new Date(h.at).toLocaleString()} · {h.source}
									{h.error ? ` · ${h.error}` : h.ms !== undefined ? ` · ${h.ms.toFixed(0)} ms` : ''}
									{h.rows !== undefined && ` · ${h.rows} rows`}
								</Text>
							</button>
						)}
					/>
				</div>
			)}
		</aside>
	);
}
