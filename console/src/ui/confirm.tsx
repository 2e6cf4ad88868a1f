// `await confirm({...})` asks before something is lost. Enter confirms, Escape does not.
import { type ReactNode, Suspense } from 'react';
import { create } from 'zustand';
import { later } from './later';

export interface Question {
	title: string;
	body?: ReactNode;
	action: string;
	danger?: boolean;
	/** The word that has to be typed, for what cannot be taken back. */
	type?: string;
}

export interface Pending extends Question {
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

const Dialog = later(() => import('./ConfirmDialog'));

export function ConfirmHost() {
	const question = usePending((s) => s.open);
	return <Suspense fallback={null}>{question && <Dialog question={question} />}</Suspense>;
}
