import { Button, Checkbox, Group, Popover, ScrollArea, Stack } from '@mantine/core';
import { IconColumns } from '@/ui/icons';
import { arrange, type Layout, NO_LAYOUT, toggle } from './model/layout';

export function ColumnsMenu(props: {
	ids: string[];
	title: (id: string) => string;
	layout: Layout;
	onLayout: (layout: Layout) => void;
}) {
	const { ids, layout, onLayout } = props;
	const hidden = layout.hidden.filter((id) => ids.includes(id)).length;
	return (
		<Popover position="bottom-end" withinPortal trapFocus>
			<Popover.Target>
				<Button size="compact-sm" variant="default" leftSection={<IconColumns size={13} />}>
					Columns{hidden > 0 && ` (${hidden} hidden)`}
				</Button>
			</Popover.Target>
			<Popover.Dropdown>
				<ScrollArea.Autosize mah={360}>
					<Stack gap={6}>
						{arrange(ids, layout).map((id) => (
							<Checkbox
								key={id}
								size="xs"
								label={props.title(id)}
								checked={!layout.hidden.includes(id)}
								onChange={() => onLayout({ ...layout, hidden: toggle(layout.hidden, id) })}
							/>
						))}
					</Stack>
				</ScrollArea.Autosize>
				<Group gap="xs" mt="sm">
					<Button size="compact-xs" variant="default" onClick={() => onLayout({ ...layout, hidden: [] })}>
						Show all
					</Button>
					<Button size="compact-xs" variant="default" onClick={() => onLayout(NO_LAYOUT)}>
						As it was at first
					</Button>
				</Group>
			</Popover.Dropdown>
		</Popover>
	);
}
