// Inconsistent objects: what each is, why, and what to do.

import { Anchor, Badge, Button, Code, Group, Text, Title } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import { type Change, useApply, useInconsistencies, useMetadata } from '@/api/hooks';
import type { InconsistentObject } from '@/model/metadata';
import { confirm } from '@/ui/confirm';
import { ErrorView } from '@/ui/ErrorView';
import { IconCheck, IconRefresh } from '@/ui/icons';
import { notifyDone, notifyError, notifyWarning } from '@/ui/notify';
import { Empty, Loading, Page } from '@/ui/Page';
import { plural } from '@/ui/plural';
import { type Json, yamlText } from './model/document';
import { type Finding, type Fix, findingOf } from './model/remedy';
import classes from './settings.module.css';

const SHOWN = 50;

export default function StatusPage() {
	const asked = useInconsistencies();
	const metadata = useMetadata().data?.metadata;
	const apply = useApply();
	const [all, setAll] = useState(false);
	const objects = asked.data?.inconsistent_objects;
	const findings = useMemo(() => (objects ?? []).map((o) => ({ o, f: findingOf(o, metadata) })), [objects, metadata]);

	const run = async (change: Change, done: string) => {
		try {
			await apply.mutateAsync(change);
			const left = (await asked.refetch()).data?.inconsistent_objects.length ?? 0;
			if (left > 0) notifyWarning(`${left} inconsistent ${left === 1 ? 'object is' : 'objects are'} left.`, done);
			else notifyDone(done);
		} catch (e) {
			notifyError(e);
		}
	};
	const reload = () => run({ ops: [{ type: 'reload_metadata', args: { reload_sources: true } }] }, 'Read again.');
	const drop = async () => {
		const yes = await confirm({
			title: `Drop ${plural(findings.length, 'inconsistent object')}?`,
			body: (
				<>
					<Text size="sm">They leave the metadata, with what depends on them. The databases are not touched.</Text>
					<ul className={classes.dropped}>
						{findings.slice(0, 12).map(({ o, f }) => (
							<li key={`${o.name}${o.reason}`}>{f.what}</li>
						))}
						{findings.length > 12 && <li>and {findings.length - 12} more</li>}
					</ul>
				</>
			),
			action: 'Drop all',
			danger: true,
			type: 'drop',
		});
		if (yes) run({ ops: [{ type: 'drop_inconsistent_metadata', args: {} }] }, 'Dropped.');
	};

	return (
		<Page
			title="Metadata status"
			actions={
				<>
					<Button
						size="xs"
						variant="default"
						leftSection={<IconRefresh size={13} />}
						loading={apply.isPending}
						onClick={reload}
					>
						Reload metadata
					</Button>
					{findings.length > 0 && (
						<Button size="xs" variant="light" color="red" onClick={drop}>
							Drop all inconsistent
						</Button>
					)}
				</>
			}
		>
			{asked.error ? (
				<ErrorView error={asked.error} onRetry={asked.refetch} />
			) : !asked.data ? (
				<Loading what="Asking for inconsistent objects" />
			) : findings.length === 0 ? (
				<Empty title="The metadata is consistent">
					<IconCheck /> Everything in it is there in the databases, and served.
				</Empty>
			) : (
				<>
					<Text size="sm" mb="md" maw={720}>
						{findings.length} {findings.length === 1 ? 'object is' : 'objects are'} kept in the metadata and left out of
						the API, because {findings.length === 1 ? 'it does' : 'they do'} not fit the databases or{' '}
						{findings.length === 1 ? 'is' : 'are'} not served. Everything else works.
					</Text>
					{findings.slice(0, all ? undefined : SHOWN).map(({ o, f }) => (
						<FindingCard key={`${o.type}${o.name}${o.reason}`} object={o} finding={f} onRun={run} />
					))}
					{!all && findings.length > SHOWN && (
						<Button variant="default" onClick={() => setAll(true)}>
							Show {findings.length - SHOWN} more
						</Button>
					)}
				</>
			)}
		</Page>
	);
}

function FindingCard(props: {
	object: InconsistentObject;
	finding: Finding;
	onRun: (c: Change, done: string) => void;
}) {
	const { object, finding } = props;
	const [open, setOpen] = useState(false);
	const act = async (fix: Fix) => {
		if (fix.loses) {
			const yes = await confirm({
				title: `${fix.label}: ${finding.what}?`,
				body: `The metadata loses ${fix.loses}. The database is not touched.`,
				action: fix.label,
				danger: true,
			});
			if (!yes) return;
		}
		props.onRun({ ops: fix.ops }, `${fix.label}: done.`);
	};
	return (
		<article className={classes.finding} aria-label={finding.what}>
			<Group justify="space-between" wrap="nowrap" align="flex-start">
				<Title order={2} size="h5">
					{finding.what}
				</Title>
				<Badge variant="default" tt="none">
					{object.type}
				</Badge>
			</Group>
			<Text size="sm" mt={4} style={{ overflowWrap: 'anywhere' }}>
				{object.reason.replace(/^Inconsistent object: /, '')}
			</Text>
			<Text size="sm" c="dimmed" mt={4}>
				{finding.advice}
			</Text>
			<Group gap="xs" mt="xs">
				{finding.fixes.map((fix) => (
					<Button
						key={fix.label}
						size="compact-sm"
						variant={fix.loses ? 'subtle' : 'default'}
						color={fix.loses ? 'red' : undefined}
						aria-label={`${fix.label}: ${finding.what}`}
						onClick={() => act(fix)}
					>
						{fix.label}
					</Button>
				))}
				{finding.href && (
					<Anchor component={Link} href={finding.href} size="sm" aria-label={`Open ${finding.what}`}>
						Open
					</Anchor>
				)}
				<Button
					size="compact-sm"
					variant="subtle"
					color="gray"
					aria-expanded={open}
					aria-label={`Definition of ${finding.what}`}
					onClick={() => setOpen(!open)}
				>
					{open ? 'Hide definition' : 'Definition'}
				</Button>
			</Group>
			{open && (
				<Code block mt="xs">
					{yamlText({ definition: (object.definition ?? null) as Json, message: (object.message ?? null) as Json })}
				</Code>
			)}
		</article>
	);
}
