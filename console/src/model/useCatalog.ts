import { useQuery } from '@tanstack/react-query';
import { keys } from '@/api/keys';
import { readForeignKeys, readFunctions, readRelations, readSchemas, readTable } from './catalog';
import type { QualifiedName } from './metadata';

const FRESH = 60_000;

export const useRelations = (source: string) =>
	useQuery({
		queryKey: keys.relations(source),
		queryFn: ({ signal }) => readRelations(source, signal),
		staleTime: FRESH,
	});

export const useSchemas = (source: string) =>
	useQuery({
		queryKey: [...keys.catalog(source), 'schemas'],
		queryFn: ({ signal }) => readSchemas(source, signal),
		staleTime: FRESH,
	});

export const useForeignKeys = (source: string) =>
	useQuery({
		queryKey: keys.foreignKeys(source),
		queryFn: ({ signal }) => readForeignKeys(source, signal),
		staleTime: FRESH,
	});

export const useFunctions = (source: string) =>
	useQuery({
		queryKey: keys.functions(source),
		queryFn: ({ signal }) => readFunctions(source, signal),
		staleTime: FRESH,
	});

export const useTableInfo = (source: string, t: QualifiedName) =>
	useQuery({
		queryKey: keys.table(source, t),
		queryFn: ({ signal }) => readTable(source, t, signal),
		staleTime: FRESH,
	});
