import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { Router } from 'wouter';
import { ApiError } from '@/api/errors';
import { consoleBase } from '@/api/session';
import { ConfirmHost } from '@/ui/confirm';
import { styleNonce } from '@/ui/nonce';
import { theme } from '@/ui/theme';
import { ErrorBoundary } from './ErrorBoundary';
import { Gate } from './Gate';
import { Shell } from './Shell';

const client = new QueryClient({
	defaultOptions: {
		queries: {
			refetchOnWindowFocus: false,
			// Only what may pass by itself is tried again: the server being away.
			retry: (count, error) => count < 2 && error instanceof ApiError && error.status === 0,
		},
	},
});

export function App() {
	return (
		<MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => styleNonce}>
			<QueryClientProvider client={client}>
				<Router base={consoleBase()}>
					<ErrorBoundary>
						<Gate>
							<Shell />
						</Gate>
					</ErrorBoundary>
					<ConfirmHost />
				</Router>
				<Notifications position="bottom-right" limit={4} />
			</QueryClientProvider>
		</MantineProvider>
	);
}
