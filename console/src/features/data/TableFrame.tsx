// The head of every table page: crumbs, name, tabs.
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useMetadata } from '@/api/hooks';
import type { QualifiedName } from '@/model/metadata';
import { Empty, Loading, Page } from '@/ui/Page';
import { schemaPath, type TableTab, tablePath } from './paths';
import classes from './TableFrame.module.css';

const TABS: [TableTab, string][] = [
	['browse', 'Browse rows'],
	['insert', 'Insert row'],
	['relationships', 'Relationships'],
	['permissions', 'Permissions'],
];

export function TableFrame(props: {
	source: string;
	table: QualifiedName;
	tab: TableTab;
	actions?: ReactNode;
	fill?: boolean;
	/** The page makes sense for tables of the API only. */
	needsTracked?: boolean;
	children: ReactNode;
}) {
	const { source, table, tab } = props;
	const { data } = useMetadata();
	if (!data) return <Loading />;
	const tracked = data.metadata.sources
		.find((s) => s.name === source)
		?.tables.some((t) => t.table.schema === table.schema && t.table.name === table.name);
	return (
		<Page
			title={table.name}
			fill={props.fill}
			crumbs={[
				{ label: source, href: schemaPath(source, 'public') },
				{ label: table.schema, href: schemaPath(source, table.schema) },
			]}
			actions={props.actions}
			header={
				<nav className={classes.tabs} aria-label="Table">
					{TABS.map(([id, label]) => (
						<Link
							key={id}
							href={tablePath(source, table, id)}
							className={classes.tab}
							aria-current={id === tab ? 'page' : undefined}
						>
							{label}
						</Link>
					))}
				</nav>
			}
		>
			{props.needsTracked && !tracked ? (
				<Empty title={`${table.name} is not tracked`}>
					Track it on the page of its schema, <Link href={schemaPath(source, table.schema)}>{table.schema}</Link>,
					first.
				</Empty>
			) : (
				props.children
			)}
		</Page>
	);
}
