import { Button, Text } from '@mantine/core';
import { useSession } from '@/api/session';
import { IconLogout } from '@/ui/icons';
import { Empty, Page } from '@/ui/Page';

export default function LogoutPage() {
	const { secret, logout } = useSession();
	return (
		<Page title="Log out">
			{secret ? (
				<>
					<Text size="sm" mb="md" maw={560}>
						The admin secret is forgotten in this browser, in this tab and where “remember” put it. Statements of the
						SQL page and operations of the API explorer stay.
					</Text>
					<Button leftSection={<IconLogout />} onClick={() => logout()}>
						Log out
					</Button>
				</>
			) : (
				<Empty title="Nothing to log out of">This browser holds no admin secret.</Empty>
			)}
		</Page>
	);
}
