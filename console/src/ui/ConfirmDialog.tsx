// The dialog of confirm(): loaded when something is asked for the first time.
import { Button, Group, Modal, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Pending } from './confirm';

function Body({ q }: { q: Pending }) {
	const [typed, setTyped] = useState('');
	const ready = !q.type || typed === q.type;
	return (
		<form
			onSubmit={(e) => {
				e.preventDefault();
				if (ready) q.answer(true);
			}}
		>
			{typeof q.body === 'string' ? <Text size="sm">{q.body}</Text> : q.body}
			{q.type && (
				<TextInput
					mt="sm"
					label={`Type “${q.type}” to go on`}
					value={typed}
					onChange={(e) => setTyped(e.currentTarget.value)}
					data-autofocus
				/>
			)}
			<Group justify="flex-end" mt="md">
				<Button variant="default" onClick={() => q.answer(false)}>
					Cancel
				</Button>
				<Button
					type="submit"
					color={q.danger ? 'red' : undefined}
					disabled={!ready}
					data-autofocus={!q.type || undefined}
				>
					{q.action}
				</Button>
			</Group>
		</form>
	);
}

export default function ConfirmDialog({ question: q }: { question: Pending }) {
	return (
		<Modal opened onClose={() => q.answer(false)} title={q.title} closeButtonProps={{ 'aria-label': 'Close' }}>
			<Body q={q} />
		</Modal>
	);
}
