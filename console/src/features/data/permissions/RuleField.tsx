import { Button, Group, Textarea } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useSource } from '@/api/hooks';
import { parseRule, ruleToJson } from '@/model/boolexp';
import { isObject, parseKept } from '@/model/exactJson';
import { type BoolExp, type QualifiedName, qualified } from '@/model/metadata';
import type { Template } from '@/model/permissions';
import { useForeignKeys } from '@/model/useCatalog';
import { Choice } from '@/ui/Choice';
import classes from './Permissions.module.css';
import { grouped, RuleBuilder, targetOf, ungrouped } from './RuleBuilder';

/** One row rule: ready-made ones, the builder, or its JSON; all three edit the same value. */
export function RuleField(props: {
	legend: string;
	source: string;
	table: QualifiedName;
	value: BoolExp;
	templates: Template[];
	onChange: (rule: BoolExp) => void;
	/** The text is no JSON object. */
	onBroken: (broken: boolean) => void;
}) {
	const { source, table, value, onChange } = props;
	const [mode, setMode] = useState<'builder' | 'json'>('builder');
	const [text, setText] = useState<string | null>(null);
	const md = useSource(source);
	const fks = useForeignKeys(source).data;
	const tree = useMemo(() => {
		const isRelation = (path: string[], name: string) => {
			let at: QualifiedName | null = table;
			for (const step of path) {
				if (!at || !md) return false;
				at = /^[{"]/.test(step) ? qualified(JSON.parse(step)) : targetOf(md, fks ?? [], at, step);
			}
			return at !== null && md !== undefined && targetOf(md, fks ?? [], at, name) !== null;
		};
		return grouped(parseRule(value, isRelation));
	}, [value, md, fks, table]);
	const shown = text ?? JSON.stringify(value, null, 2);
	const broken = text !== null && parseObject(text) === null;
	const set = (rule: BoolExp) => {
		setText(null);
		props.onBroken(false);
		onChange(rule);
	};
	return (
		<fieldset className={classes.part_}>
			<legend>{props.legend}</legend>
			<Group gap="xs" mb="xs">
				{props.templates.map((t) => (
					<Button
						key={t.label}
						size="compact-xs"
						variant={JSON.stringify(t.rule) === JSON.stringify(value) ? 'filled' : 'default'}
						aria-pressed={JSON.stringify(t.rule) === JSON.stringify(value)}
						onClick={() => set(t.rule)}
					>
						{t.label}
					</Button>
				))}
				<Choice
					label={`${props.legend}: how to edit`}
					value={mode}
					onChange={setMode}
					options={[
						['builder', 'Builder'],
						['json', 'JSON'],
					]}
				/>
			</Group>
			{mode === 'builder' ? (
				<RuleBuilder
					source={source}
					table={table}
					value={tree}
					onChange={(n) => set(ruleToJson(ungrouped(n)) as BoolExp)}
				/>
			) : (
				<Textarea
					aria-label={`${props.legend} as JSON`}
					styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
					rows={Math.min(Math.max(shown.split('\n').length + 1, 4), 24)}
					spellCheck={false}
					value={shown}
					error={broken ? 'This is not a JSON object.' : undefined}
					onChange={(e) => {
						const now = e.currentTarget.value;
						const rule = parseObject(now);
						setText(now);
						props.onBroken(rule === null);
						if (rule) onChange(rule);
					}}
				/>
			)}
		</fieldset>
	);
}

function parseObject(text: string): BoolExp | null {
	try {
		const value = parseKept(text);
		return isObject(value) ? value : null;
	} catch {
		return null;
	}
}
