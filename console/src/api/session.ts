// Who uses the console: the server's description of itself and the admin secret, which stays in this browser.
import { create } from 'zustand';

export interface ConsoleConfig {
	mode: 'server' | 'cli';
	/** CLI mode: goes with every call, as the header X-Weir-Token. */
	token?: string | null;
	serverVersion: string;
	adminSecretRequired: boolean;
	/** CLI mode: schema changes are written as migrations. */
	migrationMode?: boolean;
	/** CLI mode: who owns the migrations of the project, when it is not the project itself. */
	migrationsOwner?: 'django' | null;
	/** False: /dev/… is not served, where the live queries are told. Unknown in CLI mode. */
	developerApi?: boolean;
	/** CLI mode: the server's address. */
	endpoint?: string;
	/** Name and colour of the top bar, from the server's settings. */
	environment?: { name?: string; color?: string } | null;
	/** False: the server answers whoever asks as admin. */
	secured?: boolean;
}

/** The colour of the environment, if the browser knows it. */
export function environmentColour(config: ConsoleConfig | null): string | undefined {
	const given = config?.environment?.color;
	return given && CSS.supports('color', given) ? given : undefined;
}

const KEY = 'weir.admin-secret';

function stored(): string | null {
	try {
		return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
	} catch {
		return null; // storage may be forbidden
	}
}

interface SessionState {
	config: ConsoleConfig | null;
	secret: string | null;
	/** Why the login page is shown again. */
	refused: string | null;
	setConfig: (config: ConsoleConfig) => void;
	setMigrationMode: (on: boolean) => void;
	login: (secret: string, remember: boolean) => void;
	logout: (why?: string) => void;
}

export const useSession = create<SessionState>((set) => ({
	config: null,
	secret: stored(),
	refused: null,
	setConfig: (config) => set({ config }),
	setMigrationMode: (on) => set((s) => ({ config: s.config && { ...s.config, migrationMode: on } })),
	login: (secret, remember) => {
		try {
			(remember ? localStorage : sessionStorage).setItem(KEY, secret);
		} catch {
			// kept in memory only
		}
		set({ secret, refused: null });
	},
	logout: (why) => {
		try {
			localStorage.removeItem(KEY);
			sessionStorage.removeItem(KEY);
		} catch {
			// nothing was kept
		}
		set({ secret: null, refused: why ?? null });
	},
}));

/** Folder of the server, with the slash: every call goes below it, whatever prefix a proxy puts before /console. */
export function serverUrl(path: string): string {
	return new URL(`../${path}`, document.baseURI).href;
}

/** Path of the console without the slash at its end: the base of the router. */
export function consoleBase(): string {
	return new URL(document.baseURI).pathname.replace(/\/+$/, '');
}
