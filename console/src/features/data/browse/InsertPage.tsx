// Insert row: empty, or a copy of another one (?clone=id;5).
import { Anchor, Button, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import { requestText } from '@/api/client';
import { asApiError } from '@/api/errors';
import { keys } from '@/api/keys';
import { parseExact } from '@/model/exactJson';
import { ErrorView } from '@/ui/ErrorView';
import { notifyDone } from '@/ui/notify';
import { Empty, Loading } from '@/ui/Page';
import { tablePath } from '../paths';
import { type Fields, fieldsOf, insertValues, newFields } from './model/form';
import { parseKey, placeSearch } from './model/place';
import { type Change, insertOp } from './model/write';
import { RowForm } from './RowForm';
import { TargetPage } from './TargetPage';
import { rowMessage } from './useEdits';
import { useOneRow } from './useOneRow';
import { useRights } from './useRights';
import type { Target } from './useRows';

export default function InsertPage() {
	return (
		<TargetPage tab="insert" needsTracked>
			{(target) => <Prepared target={target} />}
		</TargetPage>
	);
}

function Prepared({ target }: { target: Target }) {
	const search = useSearch();
	const key = useMemo(() => parseKey(search, 'clone'), [search]);
	const row = useOneRow(target, key);
	const rights = useRights(target);
	if (!rights.mayInsert)
		return (
			<Empty title={`Nothing can be inserted into this ${target.info.kind}`}>
				PostgreSQL does not write through it.
			</Empty>
		);
	if (key.length > 0 && row.error) return <ErrorView error={row.error} onRetry={() => row.refetch()} />;
	if (key.length > 0 && row.isPending) return <Loading />;
	const initial = row.data ? fieldsOf(target.info, row.data, true) : newFields(target.info);
	return <Insert key={search} target={target} initial={initial} cloned={row.data != null} />;
}

interface Made {
	text: string;
	href: string;
}

/** The key of the row that was made, as a link to it. */
function madeOf(target: Target, answer: unknown): Made | null {
	const row = (answer as { returning?: Record<string, unknown>[] } | null)?.returning?.[0];
	if (!row) return null;
	const pairs = Object.entries(row).map(([k, v]): [string, string] => [k, String(v)]);
	const filters = pairs.map(([column, value]) => ({ column, op: '$eq', value }));
	const search = placeSearch({ filters, sorts: [], limit: null, offset: 0 });
	return {
		text: pairs.map(([k, v]) => `${k} ${v}`).join(', '),
		href: `${tablePath(target.source, target.table, 'browse')}?${search}`,
	};
}

function Insert({ target, initial, cloned }: { target: Target; initial: Fields; cloned: boolean }) {
	const { source, table, info } = target;
	const client = useQueryClient();
	const [, go] = useLocation();
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<string | null>(null);
	const [made, setMade] = useState<Made | null>(null);
	const [form, setForm] = useState(0);
	const valuesOf = useCallback((f: Fields) => insertValues(info, f), [info]);
	const send = async (values: Map<string, Change>, again: boolean) => {
		setBusy(true);
		setError(null);
		setMade(null);
		try {
			const answer = parseExact(await requestText('POST', 'v2/query', insertOp(source, table, info, values)));
			client.invalidateQueries({ queryKey: keys.rows(source, table) });
			const row = madeOf(target, answer);
			if (again) setMade(row ?? { text: 'the row', href: tablePath(source, table, 'browse') });
			else {
				notifyDone(row ? `${row.text} was inserted.` : 'The row was inserted.');
				go(row?.href ?? tablePath(source, table, 'browse'));
			}
		} catch (e) {
			setError(rowMessage(asApiError(e)));
		} finally {
			setBusy(false);
		}
	};
	return (
		<>
			{cloned && (
				<Text size="sm" c="dimmed" mb="md">
					A copy of another row; its key is made anew.
				</Text>
			)}
			<RowForm
				key={form}
				target={target}
				initial={form === 0 ? initial : newFields(info)}
				valuesOf={valuesOf}
				busy={busy}
				error={error}
				onChanged={() => setError(null)}
				actions={[
					{ label: 'Insert', main: true, run: (v) => send(v, false) },
					{ label: 'Insert, then another', run: (v) => send(v, true) },
				]}
			>
				<Button variant="subtle" color="gray" size="sm" onClick={() => setForm(form + 1)}>
					Clear
				</Button>
			</RowForm>
			{made && (
				<Text mt="md" size="sm" role="status">
					Inserted: {made.text}.{' '}
					<Anchor component={Link} href={made.href} size="sm">
						Show it
					</Anchor>
				</Text>
			)}
		</>
	);
}
