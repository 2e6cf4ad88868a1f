// Asks the server what it is, and for the admin secret where one is needed. The secret stays in this browser.
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, Suspense, useEffect } from 'react';
import { Redirect, useLocation } from 'wouter';
import { fetchConsoleConfig } from '@/api/client';
import { useSession } from '@/api/session';
import { ErrorView } from '@/ui/ErrorView';
import { later } from '@/ui/later';
import { Loading } from '@/ui/Page';
import classes from './Gate.module.css';

const Login = later(() => import('./Login'));

export function Gate({ children }: { children: ReactNode }) {
	const { config, secret, setConfig } = useSession();
	const [path] = useLocation();
	const asked = useQuery({
		queryKey: ['console-config'],
		queryFn: fetchConsoleConfig,
		staleTime: Number.POSITIVE_INFINITY,
		// A server that is just starting: nobody needs to press the button.
		refetchInterval: ({ state }) => (state.error ? 3000 : false),
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
	if (config.adminSecretRequired && !secret)
		return (
			<Suspense fallback={<Loading />}>
				<Login />
			</Suspense>
		);
	if (path === '/login') return <Redirect to="/" replace />;
	return children;
}
