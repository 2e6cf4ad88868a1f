// Edit a row in a form: ?key=id;5.
import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import { request } from '@/api/client';
import { asApiError } from '@/api/errors';
import { keys } from '@/api/keys';
import { ErrorView } from '@/ui/ErrorView';
import { notifyDone } from '@/ui/notify';
import { Empty, Loading } from '@/ui/Page';
import { tablePath } from '../paths';
import { changedValues, type Fields, fieldsOf } from './model/form';
import { parseKey } from './model/place';
import type { Cell } from './model/read';
import { type Change, updateOp } from './model/write';
import { RowForm } from './RowForm';
import { TargetPage } from './TargetPage';
import { rowMessage } from './useEdits';
import { useOneRow } from './useOneRow';
import { useRights } from './useRights';
import type { Target } from './useRows';

export default function EditPage() {
	return (
		<TargetPage tab="edit" needsTracked>
			{(target) => <Prepared target={target} />}
		</TargetPage>
	);
}

function Prepared({ target }: { target: Target }) {
	const search = useSearch();
	const key = useMemo(() => parseKey(search), [search]);
	const row = useOneRow(target, key);
	const rights = useRights(target);
	const rows = <Link href={tablePath(target.source, target.table, 'browse')}>Go to the rows</Link>;
	if (!rights.mayEdit) return <Empty title={`Rows of this ${target.info.kind} can only be read`}>{rows}</Empty>;
	if (key.length === 0) return <Empty title="Which row? Choose one in the list of rows">{rows}</Empty>;
	if (row.error) return <ErrorView error={row.error} onRetry={() => row.refetch()} />;
	if (row.isPending) return <Loading />;
	if (!row.data) return <Empty title="This row is not there any more">{rows}</Empty>;
	return <Edit key={`${search} ${row.dataUpdatedAt}`} target={target} cells={row.data} />;
}

function Edit({ target, cells }: { target: Target; cells: Cell[] }) {
	const { source, table, info } = target;
	const client = useQueryClient();
	const [, go] = useLocation();
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<string | null>(null);
	const initial = useMemo(() => fieldsOf(info, cells, false), [info, cells]);
	const valuesOf = useCallback((f: Fields) => changedValues(info, initial, f), [info, initial]);
	/** Where the rows were seen, with their filter; from a bookmark: to all rows. */
	const leave = () => (window.history.length > 1 ? window.history.back() : go(tablePath(source, table, 'browse')));
	const send = async (values: Map<string, Change>) => {
		if (values.size === 0) return leave();
		setBusy(true);
		setError(null);
		try {
			await request('POST', 'v2/query', updateOp(source, table, info, cells, values));
			client.invalidateQueries({ queryKey: keys.rows(source, table) });
			notifyDone('The row was saved.');
			leave();
		} catch (e) {
			setError(rowMessage(asApiError(e)));
		} finally {
			setBusy(false);
		}
	};
	return (
		<RowForm
			target={target}
			initial={initial}
			valuesOf={valuesOf}
			busy={busy}
			error={error}
			onChanged={() => setError(null)}
			actions={[{ label: 'Save', main: true, run: send }]}
		>
			<Button variant="subtle" color="gray" size="sm" onClick={leave}>
				Cancel
			</Button>
		</RowForm>
	);
}
