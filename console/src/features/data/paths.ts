import { useParams } from 'wouter';
import type { QualifiedName } from '@/model/metadata';

const e = encodeURIComponent;

export const sourcePath = (source: string) => `/data/${e(source)}`;
export const schemaPath = (source: string, schema: string) => `/data/${e(source)}/schema/${e(schema)}`;

export type TableTab = 'browse' | 'insert' | 'edit' | 'relationships' | 'permissions';

export function tablePath(source: string, t: QualifiedName, tab: TableTab = 'browse'): string {
	return `${schemaPath(source, t.schema)}/tables/${e(t.name)}/${tab}`;
}

function decoded(text: string | undefined): string {
	try {
		return decodeURIComponent(text ?? '');
	} catch {
		return text ?? '';
	}
}

export function usePlace(): { source: string; schema: string; table: QualifiedName } {
	const params = useParams<{ source?: string; schema?: string; table?: string }>();
	const schema = decoded(params.schema);
	return { source: decoded(params.source), schema, table: { schema, name: decoded(params.table) } };
}
