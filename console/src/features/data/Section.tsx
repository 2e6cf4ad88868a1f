import { Group, Text, Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import classes from './Section.module.css';

/** A titled part of a page with its own actions. */
export function Section(props: { title: string; hint?: ReactNode; actions?: ReactNode; children: ReactNode }) {
	const id = useId();
	return (
		<section className={classes.section} aria-labelledby={id}>
			<Group justify="space-between" wrap="nowrap" mb="xs">
				<div>
					<Title order={2} size="h5" id={id}>
						{props.title}
					</Title>
					{props.hint && (
						<Text size="sm" c="dimmed">
							{props.hint}
						</Text>
					)}
				</div>
				<Group gap="xs" wrap="nowrap">
					{props.actions}
				</Group>
			</Group>
			{props.children}
		</section>
	);
}
