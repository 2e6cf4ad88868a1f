// Frame of a page: heading, crumbs above it, actions to its right.
import { Anchor, Group, Loader, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import classes from './Page.module.css';

export interface Crumb {
	label: string;
	href?: string;
}

export function Page(props: {
	title: ReactNode;
	crumbs?: Crumb[];
	actions?: ReactNode;
	/** Below the heading, above the content: tabs. */
	header?: ReactNode;
	/** The content scrolls by itself (grids, editors) and fills the height. */
	fill?: boolean;
	children: ReactNode;
}) {
	return (
		<div className={props.fill ? classes.fill : classes.page}>
			<div className={classes.head}>
				{props.crumbs && props.crumbs.length > 0 && (
					<nav aria-label="Breadcrumb" className={classes.crumbs}>
						{props.crumbs.map((c) => (
							<span key={c.label}>
								{c.href ? (
									<Anchor component={Link} href={c.href} size="xs">
										{c.label}
									</Anchor>
								) : (
									<Text span size="xs" c="dimmed">
										{c.label}
									</Text>
								)}
							</span>
						))}
					</nav>
				)}
				<Group justify="space-between" wrap="nowrap" gap="md">
					<Title order={1} size="h3" className={classes.title}>
						{props.title}
					</Title>
					<Group gap="xs" wrap="nowrap">
						{props.actions}
					</Group>
				</Group>
				{props.header}
			</div>
			<div className={classes.body}>{props.children}</div>
		</div>
	);
}

export function Loading({ what = 'Loading' }: { what?: string }) {
	return (
		<Group role="status" p="xl" gap="sm">
			<Loader size="sm" aria-hidden="true" />
			<Text size="sm" c="dimmed">
				{what}…
			</Text>
		</Group>
	);
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
	return (
		<div className={classes.empty}>
			<Text fw={600}>{title}</Text>
			{children && (
				<Text size="sm" c="dimmed" component="div" mt={4}>
					{children}
				</Text>
			)}
		</div>
	);
}
