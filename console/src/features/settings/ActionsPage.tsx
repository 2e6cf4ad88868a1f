// The metadata as a whole: export, import with a look at the difference before, reload, reset.

import { Button, Checkbox, FileButton, Group, MultiSelect, Radio, Text, Textarea, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, Suspense, useId, useState } from 'react';
import { exportMetadata } from '@/api/client';
import { useApply, useMetadata } from '@/api/hooks';
import { keys } from '@/api/keys';
import type { EngineMetadata, InconsistentObject } from '@/model/metadata';
import { confirm } from '@/ui/confirm';
import { download, stamp } from '@/ui/download';
import { ErrorView } from '@/ui/ErrorView';
import { IconCopy, IconDownload, IconRefresh, IconUpload } from '@/ui/icons';
import { later } from '@/ui/later';
import { notifyDone, notifyError, notifyWarning } from '@/ui/notify';
import { Loading, Page } from '@/ui/Page';
import { plural } from '@/ui/plural';
import { type Json, readDocument, yamlText } from './model/document';
import classes from './settings.module.css';

const ImportReview = later(() => import('./ImportReview'));

export default function ActionsPage() {
	const { error, refetch } = useMetadata();
	const [document, setDocument] = useState<{ name: string; value: { [key: string]: Json } } | null>(null);
	if (error)
		return (
			<Page title="Metadata">
				<ErrorView error={error} onRetry={refetch} />
			</Page>
		);
	if (document)
		return (
			<Suspense fallback={<Loading />}>
				<ImportReview name={document.name} document={document.value} onDone={() => setDocument(null)} />
			</Suspense>
		);
	return (
		<Page title="Metadata">
			<Export />
			<Import onDocument={(name, value) => setDocument({ name, value })} />
			<Reload />
			<Reset />
		</Page>
	);
}

function Card({ title, hint, children }: { title: string; hint: ReactNode; children: ReactNode }) {
	const id = useId();
	return (
		<section className={classes.card} aria-labelledby={id}>
			<Title order={2} size="h5" id={id}>
				{title}
			</Title>
			<Text size="sm" c="dimmed" mb="sm">
				{hint}
			</Text>
			{children}
		</section>
	);
}

/** As it is now, not as this page read it some time ago. */
async function fresh(): Promise<EngineMetadata | null> {
	try {
		return await exportMetadata();
	} catch (e) {
		notifyError(e);
		return null;
	}
}

async function saveJson() {
	const found = await fresh();
	if (found) download(`metadata_${stamp()}.json`, `${JSON.stringify(found, null, 2)}\n`, 'application/json');
}

async function saveYaml() {
	const found = await fresh();
	if (found) download(`metadata_${stamp()}.yaml`, yamlText(found.metadata as unknown as Json), 'application/yaml');
}

async function copyJson() {
	const found = await fresh();
	if (!found) return;
	try {
		await navigator.clipboard.writeText(JSON.stringify(found, null, 2));
		notifyDone('The metadata is in the clipboard.');
	} catch (e) {
		notifyError(e, 'It was not copied');
	}
}

function Export() {
	const sources = useMetadata().data?.metadata.sources ?? [];
	const open = sources
		.filter((s) => typeof s.configuration.connection_info?.database_url === 'string')
		.map((s) => s.name);
	return (
		<Card
			title="Export"
			hint="Tables, relationships, permissions, settings: all of it in one file, to keep or to import elsewhere. No rows, no schema."
		>
			{open.length > 0 && (
				<Text size="sm" c="orange" mb="xs">
					The URL of {open.join(', ')} stands in it as it is, with its password: treat the file as a secret, or name an
					environment variable instead (from_env).
				</Text>
			)}
			<Group gap="xs">
				<Button size="sm" leftSection={<IconDownload />} onClick={saveJson}>
					Export as JSON
				</Button>
				<Button size="sm" variant="default" leftSection={<IconDownload />} onClick={saveYaml}>
					As YAML
				</Button>
				<Button size="sm" variant="default" leftSection={<IconCopy />} onClick={copyJson}>
					Copy
				</Button>
			</Group>
		</Card>
	);
}

function Import({ onDocument }: { onDocument: (name: string, value: { [key: string]: Json }) => void }) {
	const [error, setError] = useState<unknown>(null);
	const [over, setOver] = useState(false);
	const [pasted, setPasted] = useState<string | null>(null);
	const take = (name: string, text: string) => {
		try {
			onDocument(name, readDocument(text));
		} catch (e) {
			setError(e);
		}
	};
	const open = async (file: File | null | undefined) => {
		if (file) take(file.name, await file.text());
	};
	return (
		<Card
			title="Import"
			hint="A file of an export, JSON or YAML. It takes the place of all metadata; the difference is shown before, and nothing happens until you apply it."
		>
			{/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the button is the first */}
			<div
				className={classes.drop}
				data-over={over}
				onDragOver={(e) => {
					e.preventDefault();
					setOver(true);
				}}
				onDragLeave={() => setOver(false)}
				onDrop={(e) => {
					e.preventDefault();
					setOver(false);
					open(e.dataTransfer.files[0]);
				}}
			>
				<Group gap="xs">
					<FileButton onChange={open} accept=".json,.yaml,.yml,application/json">
						{(props) => (
							<Button {...props} variant="default" leftSection={<IconUpload />}>
								Choose a file
							</Button>
						)}
					</FileButton>
					<Button
						variant="subtle"
						color="gray"
						aria-expanded={pasted !== null}
						onClick={() => setPasted(pasted === null ? '' : null)}
					>
						Paste text
					</Button>
					<Text size="sm" c="dimmed">
						or drop one here
					</Text>
				</Group>
				{pasted !== null && (
					<>
						<Textarea
							mt="sm"
							rows={6}
							aria-label="Metadata, JSON or YAML"
							value={pasted}
							onChange={(e) => setPasted(e.currentTarget.value)}
							spellCheck={false}
						/>
						<Button mt="xs" size="xs" disabled={pasted.trim() === ''} onClick={() => take('the pasted text', pasted)}>
							Show the difference
						</Button>
					</>
				)}
			</div>
			{error !== null && (
				<Group mt="sm">
					<ErrorView error={error} title="This file cannot be imported" />
				</Group>
			)}
		</Card>
	);
}

function Reload() {
	const apply = useApply();
	const client = useQueryClient();
	const sources = useMetadata().data?.metadata.sources.map((s) => s.name) ?? [];
	const [which, setWhich] = useState('all');
	const [chosen, setChosen] = useState<string[]>([]);
	const reload = async () => {
		const reload_sources = which === 'all' ? true : which === 'none' ? false : chosen;
		try {
			const answer = (await apply.mutateAsync({ ops: [{ type: 'reload_metadata', args: { reload_sources } }] })) as {
				inconsistent_objects?: InconsistentObject[];
			};
			client.invalidateQueries({ queryKey: ['catalog'] });
			const bad = answer.inconsistent_objects?.length ?? 0;
			if (bad > 0) notifyWarning(`${plural(bad, 'inconsistent object')}: see Metadata status.`, 'Reloaded');
			else notifyDone('Reloaded; the metadata is consistent.');
		} catch (e) {
			notifyError(e);
		}
	};
	return (
		<Card
			title="Reload"
			hint="After a migration made elsewhere, by Django for example: new columns and tables are seen at once."
		>
			<Radio.Group value={which} onChange={setWhich} label="Read again" mb="sm">
				<Group mt={6} gap="lg">
					<Radio value="all" label="All databases" />
					<Radio value="some" label="Some databases" disabled={sources.length < 2} />
					<Radio value="none" label="The metadata only" />
				</Group>
			</Radio.Group>
			{which === 'some' && (
				<MultiSelect mb="sm" maw={420} label="Databases" data={sources} value={chosen} onChange={setChosen} />
			)}
			<Button
				variant="default"
				leftSection={<IconRefresh />}
				loading={apply.isPending}
				disabled={which === 'some' && chosen.length === 0}
				onClick={reload}
			>
				Reload metadata
			</Button>
		</Card>
	);
}

function Reset() {
	const apply = useApply();
	const client = useQueryClient();
	const [keep, setKeep] = useState(true);
	const reset = async () => {
		const yes = await confirm({
			title: 'Reset the metadata?',
			body: 'Every table is untracked, every relationship and permission is gone, and so are further databases. Rows and tables of the databases stay.',
			action: 'Reset',
			danger: true,
			type: 'reset',
		});
		if (!yes) return;
		if (keep) await saveJson();
		try {
			await apply.mutateAsync({ ops: [{ type: 'clear_metadata', args: {} }] });
			client.invalidateQueries({ queryKey: keys.facts });
			notifyDone('The metadata is empty.');
		} catch (e) {
			notifyError(e);
		}
	};
	return (
		<Card title="Reset" hint="Back to the beginning: nothing is tracked. What the databases hold is not touched.">
			<Checkbox
				mb="sm"
				label="Export it as JSON first"
				checked={keep}
				onChange={(e) => setKeep(e.currentTarget.checked)}
			/>
			<Button color="red" variant="light" loading={apply.isPending} onClick={reset}>
				Reset metadata
			</Button>
		</Card>
	);
}
