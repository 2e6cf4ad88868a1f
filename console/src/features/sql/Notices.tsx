// What is going to happen, before it runs.
import { Alert, Anchor, Button, Group, Text, Textarea, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useSession } from '@/api/session';
import type { Created, Description } from './model/describe';
import classes from './sql.module.css';
import { useSql } from './store';

export interface MigrationDraft {
	on: boolean;
	name: string;
	down: string;
}

function Notice({ colour, children }: { colour: 'blue' | 'yellow'; children: ReactNode }) {
	return (
		<Alert color={colour} variant="light" p="xs" role="note">
			<Text size="sm" component="div">
				{children}
			</Text>
		</Alert>
	);
}

const label = (c: Created) => `${c.kind} ${c.schema === 'public' ? c.name : `${c.schema}.${c.name}`}`;

function SchemaNotice({ migration, django }: { migration: MigrationDraft; django: boolean }) {
	const config = useSession((s) => s.config);
	const { cascade } = useSql();
	const checked = cascade
		? 'What the metadata loses by it is dropped from the metadata too.'
		: 'If metadata depends on what goes, the statement is refused and nothing happens; “Cascade” drops it from the metadata.';
	if (config?.mode === 'cli' && config.migrationMode && !migration.on)
		return (
			<Notice colour="yellow">
				This changes the schema and is not written as a migration: other databases of this project will not have it.
			</Notice>
		);
	if (config?.mode === 'cli' && !config.migrationMode)
		return (
			<Notice colour="yellow">
				This changes the schema, and schema changes by the console are switched off for this project (
				<Anchor component={Link} href="/data/migrations" size="sm">
					Data › Migrations
				</Anchor>
				): it runs, and no migration is written. {checked}
			</Notice>
		);
	return (
		<Notice colour={django ? 'yellow' : 'blue'}>
			This changes the schema. {checked}
			{django &&
				config?.mode === 'server' &&
				' Django migrates this database (django_migrations): a change made here is not among its migrations.'}
		</Notice>
	);
}

function MigrationForm({ draft, onChange }: { draft: MigrationDraft; onChange: (d: Partial<MigrationDraft>) => void }) {
	return (
		<Group align="flex-start" gap="sm" wrap="wrap">
			<TextInput
				size="xs"
				w={260}
				label="Name of the migration"
				description="Of its folder, behind a time stamp"
				value={draft.name}
				error={/^[\w-]+$/.test(draft.name) ? undefined : 'Letters, digits, _ and -'}
				onChange={(e) => onChange({ name: e.currentTarget.value })}
			/>
			<Textarea
				size="xs"
				style={{ flex: 1, minWidth: 260 }}
				label="Way back (down.sql)"
				description="Left empty, the migration cannot be rolled back"
				rows={2}
				value={draft.down}
				classNames={{ input: classes.down }}
				onChange={(e) => onChange({ down: e.currentTarget.value })}
			/>
		</Group>
	);
}

export function Notices(props: {
	about: Description;
	toTrack: Created[];
	tracked: Created[];
	migration: MigrationDraft;
	onMigration: (d: Partial<MigrationDraft>) => void;
	django: boolean;
}) {
	const { about, toTrack, tracked, migration } = props;
	const { readOnly, track, set } = useSql();
	const parts: ReactNode[] = [];
	if (readOnly && about.writes)
		parts.push(
			<Notice key="ro" colour="yellow">
				This writes, and “Read only” is on: the database will refuse it.{' '}
				<Button size="compact-xs" variant="default" ml="xs" onClick={() => set({ readOnly: false })}>
					Switch read only off
				</Button>
			</Notice>,
		);
	if (!readOnly && about.schemaChanges.length > 0)
		parts.push(<SchemaNotice key="schema" migration={migration} django={props.django} />);
	if (!readOnly && track && about.creates.length > 0)
		parts.push(
			<Notice key="track" colour="blue">
				{toTrack.length > 0 ? `Tracked when it has run: ${toTrack.map(label).join(', ')}.` : 'Nothing new is tracked.'}
				{tracked.length > 0 && ` Tracked already: ${tracked.map(label).join(', ')}.`}
			</Notice>,
		);
	if (!readOnly && migration.on)
		parts.push(<MigrationForm key="form" draft={migration} onChange={props.onMigration} />);
	return parts.length === 0 ? null : <div className={classes.notices}>{parts}</div>;
}
