import { Button, Menu } from '@mantine/core';
import { useRef, useState } from 'react';
import { IconDownload } from '@/ui/icons';
import { notifyDone, notifyError } from '@/ui/notify';
import { exportRows, saveFile } from './exporter';
import type { ExportKind } from './model/exportRows';
import type { Place } from './model/place';
import type { Target } from './useRows';

const KINDS: [ExportKind, string, string][] = [
	['csv', 'CSV for spreadsheets', 'Text that begins like a formula gets an apostrophe'],
	['csv-exact', 'CSV, exact', 'For COPY and other programs'],
	['json', 'JSON', 'A list of objects'],
];

export function ExportMenu({ target, place, loaded }: { target: Target; place: Place; loaded: number }) {
	const [done, setDone] = useState<number | null>(null);
	const stop = useRef<AbortController | null>(null);
	const run = async (kind: ExportKind, rows: number | null) => {
		const control = new AbortController();
		stop.current = control;
		setDone(0);
		try {
			const from = rows === null ? { ...place, offset: 0 } : place;
			const blob = await exportRows({ target, place: from, kind, rows, onProgress: setDone, signal: control.signal });
			saveFile(blob, `${target.table.name}.${kind === 'json' ? 'json' : 'csv'}`);
			notifyDone(`${target.table.name} was exported.`);
		} catch (e) {
			if (!control.signal.aborted) notifyError(e, 'Not exported');
		} finally {
			setDone(null);
		}
	};
	if (done !== null)
		return (
			<Button size="compact-sm" variant="default" onClick={() => stop.current?.abort()} aria-live="polite">
				{done.toLocaleString('en')} rows… Cancel
			</Button>
		);
	return (
		<Menu position="bottom-end" withinPortal>
			<Menu.Target>
				<Button size="compact-sm" variant="default" leftSection={<IconDownload size={13} />}>
					Export
				</Button>
			</Menu.Target>
			<Menu.Dropdown>
				<Menu.Label>The {loaded.toLocaleString('en')} rows loaded</Menu.Label>
				{KINDS.map(([kind, label]) => (
					<Menu.Item key={kind} onClick={() => run(kind, loaded)} disabled={loaded === 0}>
						{label}
					</Menu.Item>
				))}
				<Menu.Label>{place.filters.length ? 'All rows of this filter' : 'All rows'}</Menu.Label>
				{KINDS.map(([kind, label, hint]) => (
					<Menu.Item key={kind} onClick={() => run(kind, null)} title={hint}>
						{label}, all rows
					</Menu.Item>
				))}
			</Menu.Dropdown>
		</Menu>
	);
}
