// Query keys of TanStack Query. What reads the metadata or the database begins with one of these.
import type { QualifiedName } from '@/model/metadata';

export const keys = {
	metadata: ['metadata'] as const,
	inconsistencies: ['inconsistencies'] as const,
	facts: ['facts'] as const,
	/** Everything read from a source's system catalog. */
	catalog: (source: string) => ['catalog', source] as const,
	relations: (source: string) => ['catalog', source, 'relations'] as const,
	foreignKeys: (source: string) => ['catalog', source, 'foreign-keys'] as const,
	functions: (source: string) => ['catalog', source, 'functions'] as const,
	table: (source: string, table: QualifiedName) => ['catalog', source, 'table', table.schema, table.name] as const,
	rows: (source: string, table: QualifiedName) => ['rows', source, table.schema, table.name] as const,
	introspection: (headers: Record<string, string>) => ['introspection', headers] as const,
};
