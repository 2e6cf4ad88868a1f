// Top bar, the section's side bar, and the page of the route.
import { ActionIcon, Badge, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ComponentType, Suspense, useEffect, useMemo } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { ApiError } from '@/api/errors';
import { useInconsistencies, useMetadata } from '@/api/hooks';
import { useReach } from '@/api/reach';
import { environmentColour, useSession } from '@/api/session';
import { IconKeyboard, IconLock, IconLogout, IconMoon, IconSearch, IconSun, IconWarning } from '@/ui/icons';
import { later } from '@/ui/later';
import { Empty, Loading, Page } from '@/ui/Page';
import { Dialogs, openKeys, openPalette } from './Dialogs';
import { ErrorBoundary } from './ErrorBoundary';
import type { FeatureRoute, Section } from './feature';
import { useHotkeys } from './hotkeys';
import { routes, sections } from './registry';
import { SectionTabs } from './SectionTabs';
import classes from './Shell.module.css';

const pages = new Map<FeatureRoute, ComponentType>(routes.map((r) => [r, later(r.load)]));
const sidebars = new Map<string, ComponentType>(
	sections.flatMap((s) => (s.sidebar ? [[s.id, later(s.sidebar)] as const] : [])),
);

function RoutePage({ route, params }: { route: FeatureRoute; params: Record<string, string | undefined> }) {
	const Content = pages.get(route);
	const environment = useSession((s) => s.config?.environment?.name);
	const title = route.title.replace(/:(\w+)/g, (_, name: string) => decodeURIComponent(params[name] ?? ''));
	useEffect(() => {
		document.title = [title, environment, 'Weir'].filter(Boolean).join(' · ');
	}, [title, environment]);
	return Content ? <Content /> : null;
}

function NotFound() {
	const [path] = useLocation();
	return (
		<Page title="No such page">
			<Empty title={`The console has no page at ${path}.`}>
				<Link href="/">Go to the start</Link>
			</Empty>
		</Page>
	);
}

/** Who has tables in the API wants to ask for them; who has none yet wants to choose some. */
function Start() {
	const { data, error } = useMetadata();
	if (!data && !error) return <Loading />;
	const empty = data !== undefined && data.metadata.sources.every((s) => s.tables.length === 0);
	const to = empty ? sections.find((s) => s.id === 'data') : sections[0];
	return <Redirect to={to?.href ?? '/'} replace />;
}

function currentSection(path: string): Section | undefined {
	const first = `/${path.split('/')[1] ?? ''}`;
	return sections.find((s) => `/${s.href.split('/')[1]}` === first);
}

function Main({ path }: { path: string }) {
	return (
		<main id="main" className={classes.main} tabIndex={-1}>
			<ErrorBoundary resetKey={path}>
				<Suspense fallback={<Loading />}>
					<Switch>
						{routes.map((r) => (
							<Route key={r.path} path={r.path}>
								{(params) => <RoutePage route={r} params={params as Record<string, string | undefined>} />}
							</Route>
						))}
						<Route path="/">
							<Start />
						</Route>
						<Route>
							<NotFound />
						</Route>
					</Switch>
				</Suspense>
			</ErrorBoundary>
		</main>
	);
}

/** Whether the server is away. When it is back, what could not be read meanwhile is read. */
function useAway(): boolean {
	const away = useReach((s) => s.away);
	const client = useQueryClient();
	useEffect(() => {
		if (!away)
			client.refetchQueries({
				type: 'active',
				predicate: ({ state }) => state.error instanceof ApiError && state.error.status === 0,
			});
	}, [away, client]);
	return away;
}

export function Shell() {
	const [path, go] = useLocation();
	const section = currentSection(path);
	const Sidebar = section && sidebars.get(section.id);
	const config = useSession((s) => s.config);
	const away = useAway();
	useHotkeys(go);
	const barColour = useMemo(() => environmentColour(config), [config]);
	return (
		<div className={classes.shell}>
			<button type="button" className={classes.skip} onClick={() => document.getElementById('main')?.focus()}>
				Skip to the page
			</button>
			<header className={classes.top} style={barColour ? { borderTopColor: barColour } : undefined}>
				<Link href="/" className={classes.brand} aria-label="Weir, start">
					<img src="weir.svg" alt="" width={22} height={22} />
					<span>Weir</span>
				</Link>
				{config?.environment?.name && (
					<span className={classes.environment} style={barColour ? { borderColor: barColour } : undefined}>
						{config.environment.name}
					</span>
				)}
				<nav aria-label="Sections" className={classes.nav}>
					{sections.map((s) => (
						<Link
							key={s.id}
							href={s.href}
							className={classes.navLink}
							aria-current={s === section ? 'page' : undefined}
							title={`g then ${s.key}`}
						>
							{s.icon}
							{s.label}
						</Link>
					))}
				</nav>
				<Badges />
				<TopActions />
			</header>
			{away && (
				<div role="alert" className={classes.away}>
					The server cannot be reached. What is open here stays; it goes on as soon as the server answers.
				</div>
			)}
			{section && !Sidebar && <SectionTabs section={section} />}
			<div className={classes.below}>
				{Sidebar && (
					<aside className={classes.side} aria-label={section?.label}>
						<Suspense fallback={<Loading />}>
							<Sidebar />
						</Suspense>
					</aside>
				)}
				<Main path={path} />
			</div>
			<Dialogs />
		</div>
	);
}

function Badges() {
	const found = useInconsistencies().data?.inconsistent_objects.length ?? 0;
	const config = useSession((s) => s.config);
	return (
		<div className={classes.badges}>
			{config?.mode === 'cli' && (
				<Badge variant="default" title="Changes are written to the project's files">
					project files
				</Badge>
			)}
			{found > 0 && (
				<Link href="/settings/metadata-status" className={classes.badgeLink}>
					<Badge color="red.9" leftSection={<IconWarning size={12} />}>
						{found} inconsistent
					</Badge>
				</Link>
			)}
			{config && !(config.secured ?? config.adminSecretRequired) && (
				<Tooltip
					multiline
					w={280}
					label="No admin secret is set: everybody who reaches this server is admin. Start it with --admin-secret (HASURA_GRAPHQL_ADMIN_SECRET)."
				>
					<Badge color="orange" variant="light" tabIndex={0} leftSection={<IconLock size={12} />}>
						not secured
					</Badge>
				</Tooltip>
			)}
		</div>
	);
}

function TopActions() {
	const { setColorScheme } = useMantineColorScheme();
	const scheme = useComputedColorScheme('light');
	const { secret, logout } = useSession();
	const other = scheme === 'dark' ? 'light' : 'dark';
	return (
		<div className={classes.actions}>
			<button
				type="button"
				className={classes.search}
				onClick={openPalette}
				title="Command palette"
				aria-keyshortcuts="Control+K"
			>
				<IconSearch size={14} />
				<span>Search</span>
				<kbd>Ctrl K</kbd>
			</button>
			<Tooltip label={`Use ${other} colours`}>
				<ActionIcon
					variant="subtle"
					color="gray"
					aria-label={`Use ${other} colours`}
					onClick={() => setColorScheme(other)}
				>
					{scheme === 'dark' ? <IconSun /> : <IconMoon />}
				</ActionIcon>
			</Tooltip>
			<Tooltip label="Keyboard shortcuts">
				<ActionIcon variant="subtle" color="gray" aria-label="Keyboard shortcuts" onClick={openKeys}>
					<IconKeyboard />
				</ActionIcon>
			</Tooltip>
			{secret && (
				<Tooltip label="Log out: forget the secret in this browser">
					<ActionIcon variant="subtle" color="gray" aria-label="Log out" onClick={() => logout()}>
						<IconLogout />
					</ActionIcon>
				</Tooltip>
			)}
		</div>
	);
}
