// Raw SQL: Ctrl-Enter runs the chosen text or all of it; read-only until that is switched off.
import type { EditorView } from '@codemirror/view';
import { Button, Checkbox, Menu, NativeSelect, Switch } from '@mantine/core';
import { useCallback, useDeferredValue, useMemo, useRef, useState } from 'react';
import { useMetadata } from '@/api/hooks';
import { useSession } from '@/api/session';
import type { SourceMetadata } from '@/model/metadata';
import { confirm } from '@/ui/confirm';
import { ErrorView } from '@/ui/ErrorView';
import { IconHistory, IconPlay, IconStop } from '@/ui/icons';
import { Empty, Loading, Page } from '@/ui/Page';
import { History } from './History';
import { type Created, describe } from './model/describe';
import { migrationName, suggestDown } from './model/down';
import { splitStatements } from './model/statements';
import { type MigrationDraft, Notices } from './Notices';
import { Result } from './Result';
import { markError, SqlEditor, textOf } from './SqlEditor';
import classes from './sql.module.css';
import { useSql } from './store';
import { useRunner } from './useRunner';
import { useSqlCatalog } from './useSqlCatalog';

function isTracked(source: SourceMetadata | undefined, c: Created): boolean {
	if (c.kind === 'function')
		return !!source?.functions?.some((f) => f.function.schema === c.schema && f.function.name === c.name);
	return !!source?.tables.some((t) => t.table.schema === c.schema && t.table.name === c.name);
}

export default function SqlPage() {
	const { data, error, refetch } = useMetadata();
	const kept = useSql((s) => s.source);
	if (error)
		return (
			<Page title="SQL">
				<ErrorView error={error} onRetry={refetch} />
			</Page>
		);
	if (!data) return <Loading />;
	const sources = data.metadata.sources;
	const source = sources.find((s) => s.name === kept) ?? sources[0];
	if (!source)
		return (
			<Page title="SQL">
				<Empty title="No database is connected">Add one first: Data › Databases.</Empty>
			</Page>
		);
	return <Workbench key={source.name} source={source} sources={sources} />;
}

/** What the text is about to do. */
function useAbout(text: string, source: SourceMetadata) {
	const later = useDeferredValue(text);
	return useMemo(() => {
		const statements = splitStatements(later);
		const about = describe(statements);
		return {
			statements,
			about,
			toTrack: about.creates.filter((c) => !isTracked(source, c)),
			tracked: about.creates.filter((c) => isTracked(source, c)),
		};
	}, [later, source]);
}

/** Proposed from the text until somebody writes something else; the proposal is back with the next text. */
function useMigration(text: string, allowed: boolean, about: ReturnType<typeof useAbout>) {
	const [own, setOwn] = useState<{ for: string; draft: Partial<MigrationDraft> }>({ for: '', draft: {} });
	const first = about.statements[0]?.text.slice(0, 60) ?? '';
	const chosen = own.for === first ? own.draft : {};
	const draft: MigrationDraft = {
		on: allowed && (chosen.on ?? about.about.schemaChanges.length > 0),
		name: chosen.name ?? migrationName(about.statements),
		down: chosen.down ?? suggestDown(splitStatements(text)) ?? '',
	};
	const change = (part: Partial<MigrationDraft>) => setOwn({ for: first, draft: { ...chosen, ...part } });
	return [draft, change] as const;
}

function Workbench({ source, sources }: { source: SourceMetadata; sources: SourceMetadata[] }) {
	const s = useSql();
	const config = useSession((c) => c.config);
	const view = useRef<EditorView | null>(null);
	const onPlace = useCallback((at: number | null, message: string) => markError(view.current, at, message), []);
	const runner = useRunner(onPlace);
	const catalog = useSqlCatalog(source.name);
	const about = useAbout(s.text, source);
	const canMigrate = config?.mode === 'cli' && config.migrationMode === true && !s.readOnly;
	const [migration, setMigration] = useMigration(s.text, canMigrate, about);
	const running = runner.shown.kind === 'running';

	const start = async (rows = s.rows) => {
		const { text, offset } = textOf(view.current, s.text);
		if (running || text.trim() === '') return;
		const does = describe(splitStatements(text));
		if (!s.readOnly && does.dangers.length > 0) {
			const yes = await confirm({
				title: 'Run it?',
				body: (
					<ul>
						{[...new Set(does.dangers)].map((d) => (
							<li key={d}>It {d}.</li>
						))}
					</ul>
				),
				action: 'Run',
				danger: true,
			});
			if (!yes) return;
		}
		const track = s.readOnly || !s.track ? [] : does.creates.filter((c) => !isTracked(source, c));
		await runner.start(
			{
				text,
				source: source.name,
				readOnly: s.readOnly,
				cascade: s.cascade && !s.readOnly,
				timeout: s.timeout,
				rows,
				track,
				migration: migration.on ? { name: migration.name, down: migration.down } : null,
			},
			offset,
		);
	};
	const explain = (analyze: boolean) => {
		const { text, offset } = textOf(view.current, s.text);
		const only = splitStatements(text)[0];
		if (running || !only) return;
		runner.plan(only.text, source.name, analyze, s.timeout, offset + only.from);
	};
	const badName = migration.on && !/^[\w-]+$/.test(migration.name);

	return (
		<Page
			title="SQL"
			fill
			actions={
				<Button
					size="xs"
					variant={s.showHistory ? 'light' : 'default'}
					leftSection={<IconHistory size={13} />}
					aria-pressed={s.showHistory}
					onClick={() => s.set({ showHistory: !s.showHistory })}
				>
					History
				</Button>
			}
		>
			<div className={classes.page}>
				<div className={classes.main}>
					<div className={classes.bar}>
						{running ? (
							<Button size="xs" color="red" leftSection={<IconStop size={12} />} onClick={runner.stop}>
								Stop
							</Button>
						) : (
							<Button
								size="xs"
								leftSection={<IconPlay size={12} />}
								aria-keyshortcuts="Control+Enter"
								disabled={about.statements.length === 0 || badName}
								onClick={() => start()}
							>
								{migration.on ? 'Run and write migration' : 'Run'}
							</Button>
						)}
						<Menu>
							<Menu.Target>
								<Button size="xs" variant="default" disabled={running || about.statements.length === 0}>
									Explain
								</Button>
							</Menu.Target>
							<Menu.Dropdown>
								<Menu.Item onClick={() => explain(false)} rightSection={<kbd>Ctrl Shift Enter</kbd>}>
									Plan only
								</Menu.Item>
								<Menu.Item onClick={() => explain(true)}>Run it read-only, with times (ANALYZE)</Menu.Item>
							</Menu.Dropdown>
						</Menu>
						{sources.length > 1 && (
							<NativeSelect
								size="xs"
								w={150}
								aria-label="Database"
								data={sources.map((x) => x.name)}
								value={source.name}
								onChange={(e) => s.set({ source: e.currentTarget.value })}
							/>
						)}
						<Options canMigrate={canMigrate} migration={migration} onMigration={setMigration} />
					</div>
					<div className={classes.editorBox}>
						<SqlEditor
							value={s.text}
							onChange={(text) => s.set({ text })}
							catalog={catalog.data}
							onRun={() => start()}
							onExplain={() => explain(false)}
							onView={(v) => {
								view.current = v;
							}}
						/>
					</div>
					<Notices
						about={about.about}
						toTrack={about.toTrack}
						tracked={about.tracked}
						migration={migration}
						onMigration={setMigration}
						django={catalog.data?.tables.some(([, name]) => name === 'django_migrations') ?? false}
					/>
					<div className={classes.result}>
						<Result shown={runner.shown} onAll={() => start(0)} />
					</div>
				</div>
				{s.showHistory && <History />}
			</div>
		</Page>
	);
}

const ROWS = [
	{ value: '1000', label: '1,000 rows' },
	{ value: '10000', label: '10,000 rows' },
	{ value: '100000', label: '100,000 rows' },
	{ value: '0', label: 'All rows' },
];

const LIMITS = [
	{ value: '5', label: '5 s limit' },
	{ value: '30', label: '30 s limit' },
	{ value: '120', label: '2 min limit' },
	{ value: '600', label: '10 min limit' },
	{ value: '0', label: 'No time limit' },
];

function Options(props: {
	canMigrate: boolean;
	migration: MigrationDraft;
	onMigration: (d: Partial<MigrationDraft>) => void;
}) {
	const { readOnly, cascade, track, timeout, rows, set } = useSql();
	return (
		<>
			<Switch
				size="xs"
				label="Read only"
				checked={readOnly}
				onChange={(e) => set({ readOnly: e.currentTarget.checked })}
			/>
			{!readOnly && (
				<>
					<Checkbox
						size="xs"
						label="Track this"
						checked={track}
						onChange={(e) => set({ track: e.currentTarget.checked })}
					/>
					<Checkbox
						size="xs"
						label="Cascade metadata"
						checked={cascade}
						onChange={(e) => set({ cascade: e.currentTarget.checked })}
					/>
				</>
			)}
			{props.canMigrate && (
				<Checkbox
					size="xs"
					label="This is a migration"
					checked={props.migration.on}
					onChange={(e) => props.onMigration({ on: e.currentTarget.checked })}
				/>
			)}
			<span className={classes.grow} />
			<NativeSelect
				size="xs"
				w={125}
				aria-label="Time limit"
				data={LIMITS}
				value={String(timeout)}
				onChange={(e) => set({ timeout: Number(e.currentTarget.value) })}
			/>
			<NativeSelect
				size="xs"
				w={125}
				aria-label="Rows fetched at most"
				data={ROWS}
				value={String(rows)}
				onChange={(e) => set({ rows: Number(e.currentTarget.value) })}
			/>
		</>
	);
}
