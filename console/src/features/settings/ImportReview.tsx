// An import, before it is applied: what changes, object by object and line by line.

import { json } from '@codemirror/lang-json';
import { Alert, Button, Checkbox, Group, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { exportMetadata } from '@/api/client';
import { ApiError } from '@/api/errors';
import { useApply, useMetadata } from '@/api/hooks';
import { keys } from '@/api/keys';
import type { EngineMetadata, InconsistentObject, Metadata } from '@/model/metadata';
import { Choice } from '@/ui/Choice';
import { DiffView } from '@/ui/DiffView';
import { ErrorView } from '@/ui/ErrorView';
import { notifyDone, notifyError, notifyWarning } from '@/ui/notify';
import { Loading, Page } from '@/ui/Page';
import { plural } from '@/ui/plural';
import { yaml } from '@/ui/yamlLanguage';
import { changesOf, changesTitle, type ObjectChange } from './model/changes';
import { documentText, type Format, type Json } from './model/document';
import { findingOf } from './model/remedy';
import classes from './settings.module.css';

type Doc = { [key: string]: Json };
const docOf = (m: Metadata) => m as unknown as Doc;

const SHOWN = 200;
/** Characters; writing YAML of more takes seconds, JSON does not. */
const LARGE = 500_000;
const LANGUAGES = { yaml, json: json() };

export default function ImportReview(props: { name: string; document: Doc; onDone: () => void }) {
	const { data } = useMetadata();
	if (!data) return <Loading />;
	return <Review {...props} first={data} />;
}

/** Objects of `internal` when the server refuses a document for being inconsistent. */
function inconsistentOf(e: unknown): InconsistentObject[] {
	const found = e instanceof ApiError ? e.internal : null;
	return Array.isArray(found) ? (found as InconsistentObject[]).filter((o) => typeof o?.reason === 'string') : [];
}

function Review(props: { name: string; document: Doc; first: EngineMetadata; onDone: () => void }) {
	const { document, onDone } = props;
	const client = useQueryClient();
	const apply = useApply();
	const [base, setBase] = useState(props.first);
	const [theirs, setTheirs] = useState<ObjectChange[] | null>(null);
	const [allow, setAllow] = useState(false);
	const [error, setError] = useState<unknown>(null);
	const [format, setFormat] = useState<Format>(() => (JSON.stringify(document).length > LARGE ? 'json' : 'yaml'));
	const [side, setSide] = useState(false);
	const before = useMemo(() => documentText(docOf(base.metadata), format), [base, format]);
	const after = useMemo(() => documentText(document, format), [document, format]);
	const changes = useMemo(() => changesOf(docOf(base.metadata), document), [base, document]);
	const refused = inconsistentOf(error);

	/** Somebody was quicker: what they did is shown, and the difference is made anew. Nothing is overwritten unseen. */
	const conflict = async () => {
		const now = await exportMetadata();
		client.setQueryData(keys.metadata, now);
		setTheirs(changesOf(docOf(base.metadata), docOf(now.metadata)));
		setBase(now);
	};
	const start = async () => {
		setError(null);
		try {
			const args = { allow_inconsistent_metadata: allow, metadata: document };
			const answer = (await apply.mutateAsync({
				ops: [{ type: 'replace_metadata', version: 2, args }],
				resourceVersion: base.resource_version,
			})) as { inconsistent_objects?: InconsistentObject[] };
			client.invalidateQueries({ queryKey: ['catalog'] });
			const bad = answer?.inconsistent_objects?.length ?? 0;
			if (bad > 0) notifyWarning(`${plural(bad, 'inconsistent object')}: see Metadata status.`, 'Imported');
			else notifyDone('Imported.');
			onDone();
		} catch (e) {
			if (!(e instanceof ApiError) || e.code !== 'conflict') setError(e);
			else await conflict().catch(notifyError);
		}
	};

	return (
		<Page
			title={`Import ${props.name}`}
			crumbs={[{ label: 'Metadata', href: '/settings/metadata-actions' }]}
			actions={
				<>
					<Button variant="default" size="sm" onClick={onDone}>
						Cancel
					</Button>
					<Button
						size="sm"
						loading={apply.isPending}
						disabled={changes.length === 0 && before === after}
						onClick={start}
					>
						Apply
					</Button>
				</>
			}
		>
			{theirs && (
				<Alert
					color="yellow"
					variant="light"
					mb="md"
					role="alert"
					title="Somebody changed the metadata meanwhile; nothing was applied"
				>
					<Text size="sm">
						It is at version {base.resource_version} now. The difference below is against that. Look again, then apply.
						{theirs.length > 0 && ' What the other change did:'}
					</Text>
					<Changes changes={theirs} />
				</Alert>
			)}
			{refused.length > 0 ? (
				<Alert
					color="red"
					variant="light"
					mb="md"
					role="alert"
					title="The server refused it: objects would be inconsistent"
				>
					<ul className={classes.dropped}>
						{refused.slice(0, 20).map((o) => (
							<li key={`${o.name}${o.reason}`}>
								{findingOf(o, base.metadata).what}: {o.reason.replace(/^Inconsistent object: /, '')}
							</li>
						))}
					</ul>
					<Text size="sm" mt="xs">
						Correct the file, or tick “Apply although objects are inconsistent”: they are kept then, and left out of the
						API.
					</Text>
				</Alert>
			) : (
				error !== null && <ErrorView error={error} title="It was not imported" />
			)}
			<Text fw={600} mb={4} role="status">
				{changesTitle(changes)}
			</Text>
			<Changes changes={changes} />
			<Group my="md" gap="md">
				<Checkbox
					label="Apply although objects are inconsistent"
					checked={allow}
					onChange={(e) => setAllow(e.currentTarget.checked)}
				/>
				<span style={{ flex: 1 }} />
				<Choice
					label="Text of the difference"
					value={format}
					onChange={setFormat}
					options={[
						['yaml', 'YAML'],
						['json', 'JSON'],
					]}
				/>
				<Choice
					label="Layout of the difference"
					value={side ? 'side' : 'one'}
					onChange={(v) => setSide(v === 'side')}
					options={[
						['one', 'Unified'],
						['side', 'Side by side'],
					]}
				/>
			</Group>
			<DiffView
				label="Metadata"
				before={before}
				after={after}
				language={LANGUAGES[format]}
				sideBySide={side}
				maxHeight="60vh"
			/>
		</Page>
	);
}

const LOOK = { added: classes.added, removed: classes.removed, changed: classes.changed };

function Changes({ changes }: { changes: ObjectChange[] }) {
	if (changes.length === 0) return null;
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
		<ul className={classes.changes} tabIndex={0} aria-label="Changed objects">
			{changes.slice(0, SHOWN).map((c) => (
				<li key={`${c.kind}${c.type}${c.name}${c.source ?? ''}`}>
					<span className={`${classes.mark} ${LOOK[c.kind]}`}>{c.kind}</span>
					<span>
						{c.type} {c.name}
						{c.source && ` (${c.source})`}
					</span>
				</li>
			))}
			{changes.length > SHOWN && <li>and {changes.length - SHOWN} more</li>}
		</ul>
	);
}
