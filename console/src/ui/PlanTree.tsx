// A plan of PostgreSQL as a tree with a bar for each node's part of the cost.
import { Badge, Group, Text } from '@mantine/core';
import type { PlanNode } from '@/model/plan';
import classes from './PlanTree.module.css';

export function PlanTree({ plan }: { plan: PlanNode }) {
	return (
		<ul className={classes.plan}>
			<Node node={plan} />
		</ul>
	);
}

function colour(share: number): string {
	if (share > 0.5) return 'var(--mantine-color-red-6)';
	return share > 0.2 ? 'var(--mantine-color-orange-6)' : 'var(--mantine-color-teal-6)';
}

function Node({ node }: { node: PlanNode }) {
	const percent = Math.round(node.share * 100);
	return (
		<li>
			<div className={classes.node}>
				<Group justify="space-between" gap="xs">
					<strong>{node.title}</strong>
					<Group gap={6}>
						<Badge size="sm" variant="default" tt="none">
							{node.rows} rows
						</Badge>
						<Badge size="sm" variant="default" tt="none">
							cost {node.cost}
						</Badge>
						{node.actual && (
							<Badge size="sm" variant="default" tt="none" title="As it ran">
								{node.actual.rows} rows × {node.actual.loops}, {node.actual.ms} ms
							</Badge>
						)}
					</Group>
				</Group>
				<div className={classes.barline} role="img" aria-label={`${percent} % of the cost`}>
					<div style={{ width: `${percent}%`, background: colour(node.share) }} />
				</div>
				{node.details.map((d) => (
					<Text key={d} size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
						{d}
					</Text>
				))}
				{node.hint && (
					<Text size="xs" className={classes.hint}>
						{node.hint}
					</Text>
				)}
			</div>
			{node.children.length > 0 && (
				<ul>
					{node.children.map((c, i) => (
						<Node key={i} node={c} />
					))}
				</ul>
			)}
		</li>
	);
}
