// Where in the table we are, how many rows there are, and how many come at once.
import { ActionIcon, Button, NativeSelect, Text } from '@mantine/core';
import { asApiError, databaseMessage } from '@/api/errors';
import { IconChevronRight } from '@/ui/icons';
import classes from './browse.module.css';
import { PAGE_SIZES } from './model/place';
import type { useCount } from './useRows';

const n = (x: number) => x.toLocaleString('en');

export function Pager(props: {
	offset: number;
	limit: number;
	loaded: number;
	more: boolean;
	loading: boolean;
	count: ReturnType<typeof useCount>;
	seconds: number | null;
	onCount: (seconds: number) => void;
	onOffset: (offset: number) => void;
	onLimit: (limit: number) => void;
}) {
	const { offset, loaded, more, limit } = props;
	return (
		<div className={classes.foot}>
			<ActionIcon
				variant="default"
				size="sm"
				aria-label="Earlier rows"
				disabled={offset === 0}
				onClick={() => props.onOffset(Math.max(0, offset - limit))}
			>
				<IconChevronRight size={12} style={{ transform: 'scaleX(-1)' }} />
			</ActionIcon>
			<Text size="sm" span role="status">
				{props.loading && loaded === 0
					? 'Loading…'
					: loaded === 0
						? 'No rows'
						: `Rows ${n(offset + 1)}–${n(offset + loaded)}`}
			</Text>
			<ActionIcon
				variant="default"
				size="sm"
				aria-label="Later rows"
				disabled={!more}
				onClick={() => props.onOffset(offset + loaded)}
			>
				<IconChevronRight size={12} />
			</ActionIcon>
			<Total {...props} />
			<span className={classes.spring} />
			<Text size="xs" c="dimmed" span className={classes.more}>
				{more ? 'further rows come as you scroll' : ''}
			</Text>
			<NativeSelect
				size="xs"
				aria-label="Rows at once"
				value={String(limit)}
				data={[...new Set([...PAGE_SIZES, limit])]
					.sort((a, b) => a - b)
					.map((v) => ({ value: String(v), label: `${n(v)} at once` }))}
				onChange={(e) => props.onLimit(Number(e.currentTarget.value))}
			/>
		</div>
	);
}

function Total(props: Parameters<typeof Pager>[0]) {
	const { count, offset, loaded, more, loading, seconds } = props;
	if (!more && !loading && (loaded > 0 || offset === 0))
		return (
			<Text size="sm" c="dimmed" span>
				of {n(offset + loaded)}
			</Text>
		);
	if (count.exact.data !== undefined)
		return (
			<Text size="sm" c="dimmed" span>
				of {n(count.exact.data)}
			</Text>
		);
	const e = count.exact.error && asApiError(count.exact.error);
	const late = e && /57014|statement timeout/.test(`${databaseMessage(e)}${JSON.stringify(e.internal ?? '')}`);
	return (
		<>
			<Text size="sm" c="dimmed" span>
				{count.estimate === null ? '' : `of about ${n(Math.max(count.estimate, offset + loaded))}`}
			</Text>
			{e && (
				<Text size="xs" span className={classes.problem} role="alert">
					{late ? `not counted within ${seconds} s` : (databaseMessage(e) ?? e.message)}
				</Text>
			)}
			<Button
				size="compact-xs"
				variant="default"
				loading={count.exact.isFetching}
				onClick={() => props.onCount(late ? 120 : 10)}
				title="count(*) reads the whole table"
			>
				{late ? 'Count for up to 2 minutes' : 'Count'}
			</Button>
		</>
	);
}
