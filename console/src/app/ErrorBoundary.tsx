import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { ErrorView } from '@/ui/ErrorView';

/** A server of another version has other parts of the console. */
const titleOf = (e: unknown) =>
	e instanceof Error && /imported module|preload CSS|importing a module/i.test(e.message)
		? 'This part of the console is not there: the server may have another version by now'
		: 'This page failed';

/** A page that fails does not take the console with it. `resetKey`: another one clears the error. */
export class ErrorBoundary extends Component<{ children: ReactNode; resetKey?: string }, { error: unknown }> {
	override state: { error: unknown } = { error: null };

	static getDerivedStateFromError(error: unknown) {
		return { error };
	}

	override componentDidUpdate(before: { resetKey?: string }) {
		if (before.resetKey !== this.props.resetKey && this.state.error) this.setState({ error: null });
	}

	override render() {
		if (!this.state.error) return this.props.children;
		return (
			<div style={{ padding: '1.25rem' }}>
				<ErrorView error={this.state.error} title={titleOf(this.state.error)} />
				<Button mt="md" variant="default" onClick={() => location.reload()}>
					Load the console again
				</Button>
			</div>
		);
	}
}
