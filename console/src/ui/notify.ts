// Notifications: short, at the bottom; errors stay until they are closed.
import { notifications } from '@mantine/notifications';
import { asApiError, databaseMessage } from '@/api/errors';

export function notifyDone(message: string, title?: string) {
	notifications.show({ title, message, color: 'teal', autoClose: 4000 });
}

export function notifyWarning(message: string, title?: string) {
	notifications.show({ title, message, color: 'yellow', autoClose: 10_000 });
}

export function notifyError(error: unknown, title = 'That did not work') {
	const e = asApiError(error);
	const parts = [databaseMessage(e) ?? e.message, e.path && e.path !== '$' ? `at ${e.path}` : '', e.hint ?? ''];
	notifications.show({ title, message: parts.filter(Boolean).join(' — '), color: 'red', autoClose: false });
}
