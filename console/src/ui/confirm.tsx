// `await confirm({...})` asks before something is lost. Enter confirms, Escape does not.
import { Button, Group, Modal, Text, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { create } from 'zustand';

export interface Question {
	title: string;
	body?: ReactNode;
	action: string;
	danger?: boolean;
	/** The word that has to be typed, for what cannot be taken back. */
	type?: string;
}

interface Pending extends Question {
	answer: (yes: boolean) => void;
}

const usePending = create<{ open: Pending | null }>(() => ({ open: null }));

export function confirm(question: Question): Promise<boolean> {
	return new Promise((resolve) => {
		usePending.setState({
			open: {
				...question,
				answer: (yes) => {
					usePending.setState({ open: null });
					resolve(yes);
				},
			},
		});
	});
}

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

export function ConfirmHost() {
	const q = usePending((s) => s.open);
	return (
		<Modal
			opened={q !== null}
			onClose={() => q?.answer(false)}
			title={q?.title}
			closeButtonProps={{ 'aria-label': 'Close' }}
		>
			{q && <Body q={q} />}
		</Modal>
	);
}
