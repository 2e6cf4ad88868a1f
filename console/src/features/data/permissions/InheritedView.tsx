// What an inherited role has from its parts: to be read, and changed there or replaced here.
import { Alert, Button, Code, Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Inherited } from '@/model/inherited';
import type { Operation } from '@/model/metadata';
import { type AnyPermission, toDraft } from '@/model/permissions';
import classes from './Permissions.module.css';

const rule = (v: object | null) =>
	v && Object.keys(v).length > 0 ? <Code block>{JSON.stringify(v, null, 2)}</Code> : 'every row';

/** A permission in words, in the order of the form. */
function factsOf(op: Operation, permission: AnyPermission): [string, ReactNode][] {
	const d = toDraft(op, permission);
	const facts: [string, ReactNode][] = [];
	if (op !== 'insert') facts.push(['rows', rule(d.filter)]);
	if (op === 'insert' || d.check) facts.push([op === 'insert' ? 'new rows' : 'changed rows', rule(d.check)]);
	if (op !== 'delete')
		facts.push(['columns', d.columns === '*' ? 'all, future ones too' : d.columns.join(', ') || 'none']);
	if (d.computedFields.length) facts.push(['computed', d.computedFields.join(', ')]);
	if (Object.keys(d.set).length) facts.push(['always set', <Code key="set">{JSON.stringify(d.set)}</Code>]);
	if (d.limit !== null) facts.push(['at most', `${d.limit} rows a query`]);
	if (op === 'select') facts.push(['aggregations', d.aggregations ? 'yes' : 'no']);
	if (d.queryFields) facts.push(['query_root', d.queryFields.join(', ') || 'none']);
	if (d.subscriptionFields) facts.push(['subscription_root', d.subscriptionFields.join(', ') || 'none']);
	if (d.backendOnly) facts.push(['for', 'backends only']);
	return facts;
}

/** How the parts become one permission. */
function together(op: Operation, n: number): string {
	if (n < 2) return '';
	return op === 'select'
		? ' Rows of all of them are seen; a column is seen in the rows of a part that has it.'
		: ' They agree, as they must: where the parts differ, the role may not write.';
}

export default function InheritedView(props: {
	role: string;
	op: Operation;
	inherited: Inherited;
	onPart: (role: string) => void;
	onOwn: () => void;
	close: () => void;
}) {
	const { role, op } = props;
	const { parts, conflict } = props.inherited;
	const names = parts.map((p) => p.role).join(', ');
	return (
		<section className={classes.editor} aria-label={`${op} permission of ${role}, inherited`}>
			<Title order={2} size="h5" mb="xs">
				{role}: {op}
			</Title>
			{conflict ? (
				<Alert color="orange" variant="light" mb="sm" title={`${role} may not ${op}: its parts differ`}>
					{names} have permissions that are not the same, and only what they agree on is inherited. Make them alike, or
					give {role} a permission of its own.
				</Alert>
			) : (
				<Text size="sm" mb="sm">
					Inherited from {names}.{together(op, parts.length)} A permission of its own on this table would take the place
					of it.
				</Text>
			)}
			<div className={classes.parts}>
				{parts.map((p) => (
					<article key={p.role} className={classes.inherited} aria-label={`${op} permission of ${p.role}`}>
						<Group justify="space-between" mb={4}>
							<Text size="sm" fw={600}>
								{p.role}
							</Text>
							<Button
								size="compact-xs"
								variant="subtle"
								aria-label={`Edit the permission of ${p.role}`}
								onClick={() => props.onPart(p.role)}
							>
								Edit
							</Button>
						</Group>
						<dl>
							{factsOf(op, p.permission).map(([name, value]) => (
								<div key={name}>
									<dt>{name}</dt>
									<dd>{value}</dd>
								</div>
							))}
						</dl>
					</article>
				))}
			</div>
			<Group mt="md" gap="xs">
				<Button variant="default" onClick={props.onOwn}>
					Give {role} its own permission
				</Button>
				<Button variant="default" onClick={props.close}>
					Close
				</Button>
			</Group>
		</section>
	);
}
