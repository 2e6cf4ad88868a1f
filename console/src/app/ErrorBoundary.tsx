import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { ErrorView } from '@/ui/ErrorView';

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
				<ErrorView error={this.state.error} title="This page failed" />
				<Button mt="md" variant="default" onClick={() => location.reload()}>
					Load the console again
				</Button>
			</div>
		);
	}
}
