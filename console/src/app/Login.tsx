import { Alert, Button, Checkbox, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { exportMetadata } from '@/api/client';
import { ApiError } from '@/api/errors';
import { keys } from '@/api/keys';
import { useSession } from '@/api/session';
import { ErrorView } from '@/ui/ErrorView';
import classes from './Gate.module.css';

export default function Login() {
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
