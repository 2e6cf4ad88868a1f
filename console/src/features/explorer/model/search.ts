// The docs' search: types, root fields and fields whose name holds the words.
import { type GraphQLNamedType, type GraphQLSchema, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { isPlaceholder } from './parts';

export interface Found {
	type: GraphQLNamedType;
	field?: string;
}

export function searchSchema(schema: GraphQLSchema, words: string, limit = 60): Found[] {
	const needle = words.trim().toLowerCase();
	if (needle === '') return [];
	const types: Found[] = [];
	const fields: Found[] = [];
	for (const type of Object.values(schema.getTypeMap())) {
		if (type.name.startsWith('__')) continue;
		if (type.name.toLowerCase().includes(needle)) types.push({ type });
		if (isPlaceholder(type)) continue;
		if (fields.length < limit && (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)))
			for (const name of Object.keys(type.getFields()))
				if (name.toLowerCase().includes(needle)) fields.push({ type, field: name });
	}
	const rank = (f: Found) => {
		const name = (f.field ?? f.type.name).toLowerCase();
		return name === needle ? 0 : name.startsWith(needle) ? 1 : 2;
	};
	return [...types, ...fields].sort((a, b) => rank(a) - rank(b)).slice(0, limit);
}
