// An error as the reader needs it: what, where, and what to do.
import { Alert, Button, Code, Text } from '@mantine/core';
import { useState } from 'react';
import { asApiError, databaseMessage } from '@/api/errors';

export function ErrorView({ error, title, onRetry }: { error: unknown; title?: string; onRetry?: () => void }) {
	const [open, setOpen] = useState(false);
	const e = asApiError(error);
	const database = databaseMessage(e);
	return (
		<Alert color="red" role="alert" title={title ?? e.message} variant="light">
			{title && <Text size="sm">{e.message}</Text>}
			{database && database !== e.message && <Text size="sm">{database}</Text>}
			{e.path && e.path !== '$' && (
				<Text size="xs" c="dimmed" mt={4}>
					at <Code>{e.path}</Code>, code <Code>{e.code}</Code>
				</Text>
			)}
			{e.hint && (
				<Text size="sm" mt={4}>
					{e.hint}
				</Text>
			)}
			{onRetry && (
				<Button size="compact-sm" variant="default" mt="xs" mr="xs" onClick={onRetry}>
					Try again
				</Button>
			)}
			{e.internal !== undefined && (
				<Button size="compact-sm" variant="subtle" mt="xs" aria-expanded={open} onClick={() => setOpen(!open)}>
					{open ? 'Hide details' : 'Details'}
				</Button>
			)}
			{open && (
				<Code block mt="xs">
					{JSON.stringify(e.internal, null, 2)}
				</Code>
			)}
		</Alert>
	);
}
