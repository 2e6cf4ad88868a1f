import { Checkbox, Group } from '@mantine/core';
import type { Draft } from '@/model/permissions';
import classes from './Permissions.module.css';

const QUERY = ['select', 'select_by_pk', 'select_aggregate'];
const SUBSCRIPTION = [...QUERY, 'select_stream'];

/** Which root fields the table has; without a choice all of them. Relationships to it are not touched. */
export function RootFields({ draft, patch }: { draft: Draft; patch: (d: Partial<Draft>) => void }) {
	const list = (label: string, key: 'queryFields' | 'subscriptionFields', all: string[]) => {
		const value = draft[key];
		return (
			<Group gap="md" mb={4}>
				<Checkbox
					size="xs"
					label={`all of ${label}`}
					checked={value === null}
					onChange={(e) => patch({ [key]: e.currentTarget.checked ? null : all })}
				/>
				{value !== null &&
					all.map((f) => (
						<Checkbox
							key={f}
							size="xs"
							label={f}
							aria-label={`${label}: ${f}`}
							checked={value.includes(f)}
							onChange={(e) => patch({ [key]: e.currentTarget.checked ? [...value, f] : value.filter((x) => x !== f) })}
						/>
					))}
			</Group>
		);
	};
	return (
		<fieldset className={classes.part_}>
			<legend>Root fields</legend>
			{list('query_root', 'queryFields', QUERY)}
			{list('subscription_root', 'subscriptionFields', SUBSCRIPTION)}
		</fieldset>
	);
}
