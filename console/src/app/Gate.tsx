// Asks the server what it is, and for the admin secret where one is needed. The secret stays in this browser.
import { Alert, Button, Checkbox, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { Redirect, useLocation } from 'wouter';
import { exportMetadata, fetchConsoleConfig } from '@/api/client';
import { ApiError } from '@/api/errors';
import { keys } from '@/api/keys';
import { useSession } from '@/api/session';
import { ErrorView } from '@/ui/ErrorView';
import { Loading } from '@/ui/Page';
import classes from './Gate.module.css';

export function Gate({ children }: { children: ReactNode }) {
	const { config, secret, setConfig } = useSession();
	const [path] = useLocation();
	const asked = useQuery({
		queryKey: ['console-config'],
		queryFn: fetchConsoleConfig,
		staleTime: Number.POSITIVE_INFINITY,
	});
	useEffect(() => {
		if (asked.data) setConfig(asked.data);
	}, [asked.data, setConfig]);
	if (asked.error)
		return (
			<main className={classes.centre}>
				<ErrorView error={asked.error} title="The console cannot start" onRetry={() => asked.refetch()} />
			</main>
		);
	if (!config) return <Loading what="Asking the server" />;
	if (config.adminSecretRequired && !secret) return <Login />;
	if (path === '/login') return <Redirect to="/" replace />;
	return children;
}

function Login() {
	const { login, refused, config } = useSession();
	const client = useQueryClient();
	const [value, setValue] = useState('');
	const [remember, setRemember] = useState(false);
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<unknown>(refused ? new ApiError(refused, 401, 'access-denied') : null);
	const submit = async () => {
		setBusy(true);
		setError(null);
		try {
			// The probe is the first thing the console needs anyway.
			const found = await exportMetadata({ secret: value });
			client.clear();
			client.setQueryData(['console-config'], config);
			client.setQueryData(keys.metadata, found);
			login(value, remember);
		} catch (e) {
			setError(e instanceof ApiError && e.status === 401 ? new ApiError('This is not the admin secret.', 400) : e);
		} finally {
			setBusy(false);
		}
	};
	return (
		<main className={classes.centre}>
			<Paper withBorder p="xl" radius="md" className={classes.card}>
				<form
					onSubmit={(e) => {
						e.preventDefault();
						submit();
					}}
				>
					<Stack gap="md">
						<Title order={1} size="h3">
							Weir console
						</Title>
						{config?.environment?.name && (
							<Text size="sm" c="dimmed">
								{config.environment.name}
							</Text>
						)}
						<PasswordInput
							label="Admin secret"
							description="The value of HASURA_GRAPHQL_ADMIN_SECRET. It is kept in this browser only."
							value={value}
							onChange={(e) => setValue(e.currentTarget.value)}
							autoFocus
							required
							autoComplete="current-password"
							visibilityToggleButtonProps={{ 'aria-label': 'Show the secret' }}
						/>
						<Checkbox
							label="Remember in this browser"
							checked={remember}
							onChange={(e) => setRemember(e.currentTarget.checked)}
						/>
						<Button type="submit" loading={busy} disabled={value === ''}>
							Enter
						</Button>
						{error !== null && error !== undefined && (
							<div aria-live="polite">
								{error instanceof ApiError && error.status === 400 ? (
									<Alert color="red" role="alert" title={error.message} />
								) : (
									<ErrorView error={error} />
								)}
							</div>
						)}
					</Stack>
				</form>
			</Paper>
		</main>
	);
}
