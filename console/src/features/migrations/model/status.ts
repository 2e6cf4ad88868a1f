// What `GET /apis/migrate` of the command line tells, and what it means.

export interface MigrationRow {
	version: string;
	name: string;
	in_files: boolean;
	in_database: boolean;
	begun: boolean;
	edited: boolean;
}

export interface MigrationStatus {
	database: string;
	migrations: MigrationRow[];
}

export interface State {
	label: string;
	colour: 'teal' | 'gray' | 'yellow' | 'red';
	/** What to do about it. */
	advice?: string;
}

export function stateOf(m: MigrationRow): State {
	if (m.begun)
		return {
			label: 'begun, not finished',
			colour: 'red',
			advice: 'It broke off. Look at what it did, then run it again, or mark it: migrate apply --skip-execution.',
		};
	if (m.in_database && !m.in_files)
		return {
			label: 'applied, no file',
			colour: 'red',
			advice:
				'The database has it, the project does not: bring the folder back, or forget it: migrate delete --server.',
		};
	if (m.edited)
		return {
			label: 'applied, edited since',
			colour: 'yellow',
			advice: 'The file is not what ran. Undo the edit, and put the change into a new migration.',
		};
	if (m.in_database) return { label: 'applied', colour: 'teal' };
	return { label: 'not applied', colour: 'gray', advice: 'migrate apply runs it.' };
}

/** Versions are milliseconds since 1970, by Hasura's and Weir's command line. */
export function dateOf(version: string): Date | null {
	const ms = Number(version);
	if (!/^\d{12,14}$/.test(version) || !Number.isSafeInteger(ms)) return null;
	const date = new Date(ms);
	return date.getFullYear() >= 2015 && date.getFullYear() < 2100 ? date : null;
}

/** Newest first. */
export function newestFirst(rows: MigrationRow[]): MigrationRow[] {
	return [...rows].sort((a, b) => b.version.length - a.version.length || (a.version < b.version ? 1 : -1));
}

export function summary(rows: MigrationRow[]): string {
	if (rows.length === 0) return 'No migrations';
	const applied = rows.filter((m) => m.in_database).length;
	const open = rows.length - applied;
	return `${applied} applied${open > 0 ? `, ${open} not applied` : ''}`;
}
