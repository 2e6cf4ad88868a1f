import { Checkbox, Group } from '@mantine/core';
import { type Draft, QUERY_ROOTS, type RootField, rootFieldLacks, SUBSCRIPTION_ROOTS } from '@/model/permissions';
import classes from './Permissions.module.css';

/** Which root fields the table has; without a choice all of them. Relationships to it are not touched. */
export function RootFields(props: { draft: Draft; primaryKey: string[]; patch: (d: Partial<Draft>) => void }) {
	const { draft, primaryKey, patch } = props;
	const list = (label: string, key: 'queryFields' | 'subscriptionFields', all: RootField[]) => {
		const value = draft[key];
		const choice = all.map((field) => ({ field, lacks: rootFieldLacks(field, draft, primaryKey) }));
		const usable = choice.filter((c) => c.lacks === null).map((c) => c.field);
		return (
			<Group gap="md" mb={4}>
				<Checkbox
					size="xs"
					label={`all of ${label}`}
					checked={value === null}
					onChange={(e) => patch({ [key]: e.currentTarget.checked ? null : usable })}
				/>
				{value !== null &&
					choice.map(({ field, lacks }) => (
						<Checkbox
							key={field}
							size="xs"
							label={lacks ? `${field} (${lacks})` : field}
							aria-label={`${label}: ${field}${lacks ? `, ${lacks}` : ''}`}
							disabled={lacks !== null}
							checked={value.includes(field)}
							onChange={(e) => {
								const { checked } = e.currentTarget;
								patch({ [key]: all.filter((f) => (f === field ? checked : value.includes(f))) });
							}}
						/>
					))}
			</Group>
		);
	};
	return (
		<fieldset className={classes.part_}>
			<legend>Root fields</legend>
			{list('query_root', 'queryFields', QUERY_ROOTS)}
			{list('subscription_root', 'subscriptionFields', SUBSCRIPTION_ROOTS)}
		</fieldset>
	);
}
