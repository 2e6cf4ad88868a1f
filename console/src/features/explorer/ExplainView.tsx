// SQL and plan of each root field; the plan as a tree with a bar for each node's part of the cost.

import { PostgreSQL, sql } from '@codemirror/lang-sql';
import { Button, CopyButton, Group, SegmentedControl, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { parsePlan } from '@/model/plan';
import { CodeEditor } from '@/ui/CodeEditor';
import { Empty } from '@/ui/Page';
import { PlanTree } from '@/ui/PlanTree';
import classes from './explorer.module.css';
import type { Explained } from './run';

export function ExplainView({ fields }: { fields: Explained[] }) {
	const [chosen, setChosen] = useState(0);
	const one = fields[Math.min(chosen, fields.length - 1)];
	const plan = useMemo(() => (one?.plan ? parsePlan(one.plan) : null), [one]);
	const extensions = useMemo(() => [sql({ dialect: PostgreSQL })], []);
	if (!one) return <Empty title="Nothing to explain" />;
	return (
		<div className={`${classes.scroll} ${classes.pad}`}>
			{fields.length > 1 && (
				<SegmentedControl
					size="xs"
					mb="sm"
					aria-label="Root field"
					value={String(chosen)}
					onChange={(v) => setChosen(Number(v))}
					data={fields.map((f, i) => ({ value: String(i), label: f.field }))}
				/>
			)}
			{one.sql && (
				<>
					<Group justify="space-between" mb={4}>
						<Text size="sm" fw={600}>
							{one.field ? `SQL of ${one.field}` : 'SQL'}
						</Text>
						<CopyText text={one.sql} />
					</Group>
					<CodeEditor label="SQL" value={one.sql} readOnly extensions={extensions} maxHeight="16rem" />
				</>
			)}
			{plan ? (
				<>
					<Group justify="space-between" mt="md" mb={4}>
						<Text size="sm" fw={600}>
							Plan, cost {plan.cost}
						</Text>
						<CopyText text={(one.plan ?? []).join('\n')} />
					</Group>
					<PlanTree plan={plan} />
				</>
			) : (
				one.plan && <pre>{one.plan.join('\n')}</pre>
			)}
			{!one.sql && <Empty title={`${one.field || 'This'} needs no SQL`} />}
		</div>
	);
}

function CopyText({ text }: { text: string }) {
	return (
		<CopyButton value={text}>
			{({ copied, copy }) => (
				<Button size="compact-xs" variant="subtle" onClick={copy}>
					{copied ? 'Copied' : 'Copy'}
				</Button>
			)}
		</CopyButton>
	);
}
