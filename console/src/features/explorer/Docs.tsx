// The schema to read: search, types, fields, and back.
import { Button, TextInput } from '@mantine/core';
import {
	type GraphQLArgument,
	type GraphQLNamedType,
	type GraphQLSchema,
	type GraphQLType,
	getNamedType,
	isEnumType,
	isInputObjectType,
	isInterfaceType,
	isObjectType,
	isUnionType,
} from 'graphql';
import { useState } from 'react';
import { Loading } from '@/ui/Page';
import classes from './explorer.module.css';
import { isPlaceholder, readingOf } from './model/parts';
import { searchSchema } from './model/search';

export function Docs({ schema }: { schema: GraphQLSchema }) {
	const [words, setWords] = useState('');
	const [way, setWay] = useState<string[]>([]);
	const name = way[way.length - 1];
	const type = name ? schema.getType(name) : undefined;
	const open = (t: string) => {
		setWords('');
		setWay((w) => [...w, t]);
	};
	return (
		<div className={classes.scroll}>
			<div className={classes.pad}>
				<TextInput
					size="xs"
					type="search"
					aria-label="Search the docs"
					placeholder="Search types and fields"
					value={words}
					onChange={(e) => setWords(e.currentTarget.value)}
				/>
			</div>
			<div className={classes.doc}>
				{words.trim() && readingOf(schema) && (
					<p className={classes.type}>This schema is large: only what was looked at so far is searched.</p>
				)}
				{words.trim() ? (
					<ul>
						{searchSchema(schema, words).map((f) => (
							<li key={`${f.type.name}.${f.field ?? ''}`}>
								<button type="button" className={classes.link} onClick={() => open(f.type.name)}>
									{f.type.name}
									{f.field && <span className={classes.field}>.{f.field}</span>}
								</button>
							</li>
						))}
					</ul>
				) : type ? (
					<>
						<Button size="compact-xs" variant="subtle" onClick={() => setWay(way.slice(0, -1))}>
							Back
						</Button>
						<TypeDoc type={type} open={open} />
					</>
				) : (
					<ul>
						{[schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].map(
							(t) =>
								t && (
									<li key={t.name}>
										<TypeLink type={t} open={open} />
									</li>
								),
						)}
					</ul>
				)}
			</div>
		</div>
	);
}

function TypeLink({ type, open }: { type: GraphQLType; open: (name: string) => void }) {
	return (
		<button type="button" className={classes.link} onClick={() => open(getNamedType(type).name)}>
			{String(type)}
		</button>
	);
}

function TypeDoc({ type, open }: { type: GraphQLNamedType; open: (name: string) => void }) {
	const fields =
		isObjectType(type) || isInterfaceType(type) || isInputObjectType(type) ? Object.values(type.getFields()) : [];
	return (
		<>
			<h2 style={{ fontSize: '1rem', margin: '0.25rem 0' }}>{type.name}</h2>
			{isPlaceholder(type) && <Loading what={`Reading ${type.name}`} />}
			{type.description && <p>{type.description}</p>}
			<ul>
				{fields.slice(0, 500).map((f) => (
					<li key={f.name}>
						<span className={classes.field}>{f.name}</span>
						{'args' in f && f.args.length > 0 && <Arguments args={f.args} open={open} />}:{' '}
						<TypeLink type={f.type} open={open} />
						{f.description && <div className={classes.type}>{f.description}</div>}
					</li>
				))}
				{isEnumType(type) &&
					type.getValues().map((v) => (
						<li key={v.name}>
							{v.name} <span className={classes.type}>{v.description}</span>
						</li>
					))}
				{isUnionType(type) &&
					type.getTypes().map((t) => (
						<li key={t.name}>
							<TypeLink type={t} open={open} />
						</li>
					))}
			</ul>
			{fields.length > 500 && <p>{fields.length - 500} more fields: search for them.</p>}
		</>
	);
}

function Arguments({ args, open }: { args: readonly GraphQLArgument[]; open: (name: string) => void }) {
	return (
		<>
			(
			{args.map((a, i) => (
				<span key={a.name}>
					{i > 0 && ', '}
					<span className={classes.argument}>{a.name}</span>: <TypeLink type={a.type} open={open} />
				</span>
			))}
			)
		</>
	);
}
