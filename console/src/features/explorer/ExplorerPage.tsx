// The API explorer: tree, text, variables, headers, result; Ctrl-Enter runs.

import { type CompletionContext, startCompletion } from '@codemirror/autocomplete';
import { json } from '@codemirror/lang-json';
import { linter } from '@codemirror/lint';
import { Prec } from '@codemirror/state';
import { type EditorView, keymap } from '@codemirror/view';
import { Button, NativeSelect, Tabs, Text, TextInput } from '@mantine/core';
import { getSchema, graphql, graphqlLanguage, updateSchema } from 'cm6-graphql';
import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { asApiError } from '@/api/errors';
import { useInconsistencies, useMetadata } from '@/api/hooks';
import { useSession } from '@/api/session';
import { rolesOf } from '@/model/metadata';
import { prettyJson, sizeText } from '@/model/prettyJson';
import { CodeEditor } from '@/ui/CodeEditor';
import { ErrorView } from '@/ui/ErrorView';
import { IconPlay } from '@/ui/icons';
import { later } from '@/ui/later';
import { notifyError } from '@/ui/notify';
import { Empty, Loading } from '@/ui/Page';
import { plural } from '@/ui/plural';
import { currentOperation, readVariables } from './current';
import classes from './explorer.module.css';
import { HeadersTable } from './HeadersTable';
import { operationAt, operationLabel, operationNamed, operationsOf, parseText, prettify } from './model/document';
import { explainSession, headersOf, roleOf, sessionVariablesOf, withRole } from './model/headers';
import { historyTitle } from './model/history';
import { namedTypes, readingOf } from './model/parts';
import { type Answer, type Explained, execute, explain, requestHeaders, subscribe } from './run';
import { type LeftPane, useExplorer } from './store';
import { Tree } from './Tree';
import { useSchema } from './useSchema';

// An empty operation is the beginning of one, not a syntax error.
// Nor is a name a mistake while the type that would know it is being read.
const nothingIsNoMistake = linter(null, {
	markerFilter: (found, state) => {
		if (!state.doc.length) return [];
		const waiting = readingOf(getSchema(state) || undefined)?.waiting();
		return waiting ? found.filter((d) => d.message.startsWith('Syntax Error')) : [...found];
	},
});

/** So long a list of names may come after it was asked for. */
const COMPLETION_WAITS = 3000;

const Docs = later(() => import('./Docs').then((m) => ({ default: m.Docs })));
const CodeModal = later(() => import('./CodeModal'));
const ExplainView = later(() => import('./ExplainView').then((m) => ({ default: m.ExplainView })));

function useRunner() {
	const [answer, setAnswer] = useState<Answer | null>(null);
	const [plans, setPlans] = useState<Explained[] | null>(null);
	const [running, setRunning] = useState(false);
	const end = useRef<(() => void) | null>(null);
	const stop = useCallback(() => {
		end.current?.();
		end.current = null;
		setRunning(false);
	}, []);
	useEffect(() => stop, [stop]);
	const start = useCallback(async () => {
		stop();
		setPlans(null);
		const s = useExplorer.getState();
		const headers = requestHeaders(headersOf(s.rows), s.asAdmin);
		try {
			const { op, type } = currentOperation();
			const entry = { query: s.text, variables: s.variables, operationName: op.operationName, role: roleOf(s.rows) };
			setRunning(true);
			if (type === 'subscription') {
				s.remember({ ...entry, at: Date.now() });
				end.current = subscribe(op, headers, (a) => {
					setAnswer(a);
					if (a.closed) setRunning(false);
				});
				return;
			}
			const abort = new AbortController();
			end.current = () => abort.abort();
			const found = await execute(op, headers, abort.signal);
			s.remember({ ...entry, at: Date.now(), ms: found.ms, failed: found.failed });
			setAnswer(found);
		} catch (e) {
			if (!(e instanceof DOMException && e.name === 'AbortError')) notifyError(e, 'It was not run');
		}
		setRunning(false);
	}, [stop]);
	const showPlan = useCallback(async () => {
		try {
			const s = useExplorer.getState();
			setPlans(await explain(currentOperation().op, explainSession(headersOf(s.rows))));
		} catch (e) {
			notifyError(asApiError(e), 'It cannot be explained');
		}
	}, []);
	return { answer, plans, setPlans, running, start, stop, showPlan };
}

function useRoles() {
	const { data } = useMetadata();
	const rows = useExplorer((s) => s.rows);
	const role = roleOf(rows);
	const roles = useMemo(() => (data ? rolesOf(data.metadata) : []), [data]);
	const wanted = useMemo(() => {
		if (!role || !data) return [];
		const mine = data.metadata.sources.flatMap((s) =>
			s.tables.flatMap((t) =>
				[t.select_permissions, t.insert_permissions, t.update_permissions, t.delete_permissions].flatMap(
					(list) => (list as { role: string }[] | undefined)?.filter((p) => p.role === role) ?? [],
				),
			),
		);
		return sessionVariablesOf(mine);
	}, [data, role]);
	return { role, roles: role && !roles.includes(role) ? [...roles, role] : roles, wanted };
}

export default function ExplorerPage() {
	const { text, operation, rows, asAdmin, set } = useExplorer();
	const secret = useSession((s) => s.secret);
	const schema = useSchema();
	const runner = useRunner();
	const { role, roles, wanted } = useRoles();
	const [code, setCode] = useState(false);
	const parsed = useMemo(() => parseText(text), [text]);
	const operations = operationsOf(parsed.document);
	useEffect(() => readingOf(schema.data)?.want(namedTypes(parsed.document)), [schema.data, parsed.document]);
	return (
		// biome-ignore lint/a11y/noStaticElementInteractions: one key for the whole page; the button beside it does the same
		<div
			className={classes.page}
			style={{ height: '100%' }}
			onKeyDown={(e) => {
				if (e.key !== 'Enter' || !(e.ctrlKey || e.metaKey) || e.defaultPrevented) return;
				e.preventDefault();
				runner.start();
			}}
		>
			<div className={classes.bar}>
				<h1>API explorer</h1>
				{runner.running ? (
					<Button size="xs" color="red" onClick={runner.stop}>
						Stop
					</Button>
				) : (
					<Button
						size="xs"
						leftSection={<IconPlay size={12} />}
						onClick={runner.start}
						aria-keyshortcuts="Control+Enter"
					>
						Run
					</Button>
				)}
				{operations.length > 1 && (
					<NativeSelect
						size="xs"
						aria-label="Operation"
						data={operations.map((o, i) => ({ value: String(i), label: operationLabel(o, i) }))}
						value={String(Math.min(operation, operations.length - 1))}
						onChange={(e) => set({ operation: Number(e.currentTarget.value) })}
					/>
				)}
				<Button size="xs" variant="default" onClick={runner.showPlan}>
					Explain
				</Button>
				<Button size="xs" variant="default" onClick={() => set({ text: prettify(text) })}>
					Prettify
				</Button>
				<Button size="xs" variant="default" onClick={() => setCode(true)}>
					Code
				</Button>
				<span className={classes.grow} />
				<NativeSelect
					size="xs"
					w={190}
					aria-label="Role"
					data={[{ value: '', label: asAdmin || !secret ? 'admin' : 'as the headers say' }, ...roles]}
					value={role}
					onChange={(e) => set({ rows: withRole(rows, e.currentTarget.value) })}
				/>
			</div>
			<div className={classes.panes}>
				<Left schema={schema} parsed={parsed} />
				<Middle schema={schema.data} run={runner.start} wanted={wanted} />
				<Right runner={runner} />
			</div>
			{code && (
				<Suspense fallback={null}>
					<CodeModal onClose={() => setCode(false)} />
				</Suspense>
			)}
		</div>
	);
}

function Left({ schema, parsed }: { schema: ReturnType<typeof useSchema>; parsed: ReturnType<typeof parseText> }) {
	const { left, operation, variables, set } = useExplorer();
	const [filter, setFilter] = useState('');
	const broken = useInconsistencies().data?.inconsistent_objects.length ?? 0;
	const missing = schema.error ? (
		<div className={classes.pad}>
			<ErrorView error={schema.error} title="The schema cannot be read" onRetry={() => schema.refetch()} />
		</div>
	) : (
		<Loading what="Reading the schema" />
	);
	return (
		<div className={classes.left}>
			<Tabs
				value={left}
				onChange={(v) => set({ left: (v ?? 'explorer') as LeftPane })}
				style={{ display: 'flex', flexDirection: 'column', height: '100%' }}
			>
				<Tabs.List>
					<Tabs.Tab value="explorer">Explorer</Tabs.Tab>
					<Tabs.Tab value="docs">Docs</Tabs.Tab>
					<Tabs.Tab value="history">History</Tabs.Tab>
				</Tabs.List>
				<Tabs.Panel value={left} className={classes.scroll} style={{ display: 'flex', flexDirection: 'column' }}>
					{left === 'history' ? (
						<History />
					) : !schema.data ? (
						missing
					) : left === 'docs' ? (
						<Suspense fallback={<Loading />}>
							<Docs schema={schema.data} />
						</Suspense>
					) : (
						<>
							{schema.data.getQueryType()?.getFields().no_queries_available && (
								<Empty title="Nothing to ask for yet">
									{broken > 0 ? (
										<>
											{plural(broken, 'object')} of the metadata {broken === 1 ? 'is' : 'are'} inconsistent and not
											served: <Link href="/settings/metadata-status">Metadata status</Link> says why.
										</>
									) : (
										<>
											Track a table at <Link href="/data">Data</Link>, or give the role a permission.
										</>
									)}
								</Empty>
							)}
							<TextInput
								size="xs"
								m="xs"
								type="search"
								aria-label="Find a field"
								placeholder="Find a field"
								value={filter}
								onChange={(e) => setFilter(e.currentTarget.value)}
							/>
							{parsed.error && (
								<Text size="xs" c="dimmed" px="xs" role="status">
									The text has an error: the tree waits.
								</Text>
							)}
							<Tree
								schema={schema.data}
								parsed={parsed}
								operation={operation}
								filter={filter}
								onEdit={(edit) => {
									let more = variables;
									if (edit.variable) {
										try {
											const all = { ...readVariables(variables), [edit.variable.name]: edit.variable.value };
											more = JSON.stringify(all, null, 2);
										} catch (e) {
											notifyError(e, 'The variable has no value yet');
										}
									}
									set({ text: edit.text, operation: Math.max(0, edit.operation), variables: more });
								}}
							/>
						</>
					)}
				</Tabs.Panel>
			</Tabs>
		</div>
	);
}

function History() {
	const { history, set, rows } = useExplorer();
	if (history.length === 0) return <Empty title="Nothing was run yet" />;
	return (
		<div className={classes.scroll}>
			<div className={classes.pad}>
				<Button size="compact-xs" variant="default" onClick={() => set({ history: [] })}>
					Forget all
				</Button>
			</div>
			{history.map((h) => (
				<button
					type="button"
					key={`${h.at}${h.query}${h.role}`}
					className={classes.item}
					onClick={() =>
						set({
							text: h.query,
							variables: h.variables,
							operation: operationNamed(parseText(h.query).document, h.operationName),
							rows: withRole(rows, h.role),
						})
					}
				>
					{historyTitle(h)}
					<div className={classes.type}>
						{h.role || 'admin'} · {new Date(h.at).toLocaleString()}
						{h.ms !== undefined ? ` · ${h.ms.toFixed(0)} ms` : ''}
						{h.failed ? ' · failed' : ''}
					</div>
				</button>
			))}
		</div>
	);
}

function Middle(props: { schema: ReturnType<typeof useSchema>['data']; run: () => void; wanted: string[] }) {
	const { schema, run, wanted } = props;
	const { text, variables, rows, asAdmin, set } = useExplorer();
	const secret = useSession((s) => s.secret);
	const [view, setView] = useState<EditorView | null>(null);
	useEffect(() => {
		if (!view || !schema) return;
		updateSchema(view, schema);
		if (view.hasFocus && Date.now() - completionAsked.current < COMPLETION_WAITS) startCompletion(view);
	}, [view, schema]);
	// Names to choose from that were asked for before they were read are shown when they come.
	const completionAsked = useRef(0);
	const noteCompletion = useMemo(
		() =>
			graphqlLanguage.data.of({
				autocomplete: (context: CompletionContext) => {
					const missing = readingOf(getSchema(context.state) || undefined)?.waiting();
					completionAsked.current = missing ? Date.now() : 0;
					return null;
				},
			}),
		[],
	);
	const runKey = useMemo(
		() =>
			Prec.highest(
				keymap.of([
					{
						key: 'Mod-Enter',
						run: (v) => {
							if (v.contentDOM.getAttribute('aria-label') === 'Operation text')
								set({
									operation: operationAt(parseText(v.state.doc.toString()).document, v.state.selection.main.head),
								});
							run();
							return true;
						},
					},
				]),
			),
		[run, set],
	);
	const language = useMemo(() => [runKey, ...graphql(), noteCompletion, nothingIsNoMistake], [runKey, noteCompletion]);
	const jsonLanguage = useMemo(() => [runKey, json()], [runKey]);
	return (
		<div className={classes.middle}>
			<CodeEditor
				className={classes.editor}
				label="Operation text"
				placeholder="query { … }"
				value={text}
				onChange={(v) => set({ text: v })}
				extensions={language}
				onView={setView}
			/>
			<div className={classes.lower}>
				<Tabs defaultValue="headers" style={{ display: 'flex', flexDirection: 'column', height: '100%' }}>
					<Tabs.List>
						<Tabs.Tab value="variables">Variables</Tabs.Tab>
						<Tabs.Tab value="headers">
							Headers ({rows.filter((r) => r.on).length + (secret && asAdmin ? 1 : 0)})
						</Tabs.Tab>
					</Tabs.List>
					<Tabs.Panel value="variables" className={classes.scroll}>
						<CodeEditor
							className={classes.editor}
							label="Variables"
							placeholder="{}"
							value={variables}
							onChange={(v) => set({ variables: v })}
							extensions={jsonLanguage}
						/>
					</Tabs.Panel>
					<Tabs.Panel value="headers" className={classes.scroll}>
						<HeadersTable wanted={wanted} />
					</Tabs.Panel>
				</Tabs>
			</div>
		</div>
	);
}

function Right({ runner }: { runner: ReturnType<typeof useRunner> }) {
	const { answer, plans, running } = runner;
	const shown = useMemo(() => (answer ? prettyJson(answer.text) : ''), [answer]);
	const language = useMemo(() => [json()], []);
	return (
		<div className={classes.right}>
			<div className={classes.status} role="status">
				{plans ? (
					<>
						<span>Explained</span>
						<Button size="compact-xs" variant="subtle" onClick={() => runner.setPlans(null)}>
							Back to the result
						</Button>
					</>
				) : answer ? (
					<>
						{(answer.failed || answer.count === undefined || answer.closed) && (
							<span>{answer.failed ? 'Failed' : 'Done'}</span>
						)}
						<span>{answer.ms.toFixed(answer.ms < 10 ? 1 : 0)} ms</span>
						<span>{sizeText(answer.bytes)}</span>
						{answer.count !== undefined && (
							<span>
								{plural(answer.count, 'result')}, {answer.closed ?? 'listening'}
							</span>
						)}
						{answer.requestId && <span className={classes.type}>{answer.requestId}</span>}
					</>
				) : (
					<span>{running ? 'Running…' : 'Ctrl-Enter runs the operation'}</span>
				)}
			</div>
			{plans ? (
				<Suspense fallback={<Loading />}>
					<ExplainView fields={plans} />
				</Suspense>
			) : (
				<CodeEditor className={classes.editor} label="Result" readOnly value={shown} extensions={language} />
			)}
		</div>
	);
}
