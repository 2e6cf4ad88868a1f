// Notifications: short, at the bottom; errors stay until they are closed.
import { notifications } from '@mantine/notifications';
import { asApiError, databaseMessage } from '@/api/errors';

const CLOSE = { closeButtonProps: { 'aria-label': 'Close' } };

export function notifyDone(message: string, title?: string) {
	notifications.show({ ...CLOSE, title, message, color: 'teal', autoClose: 4000 });
}

export function notifyWarning(message: string, title?: string) {
	notifications.show({ ...CLOSE, title, message, color: 'yellow', autoClose: 10_000 });
}

export function notifyError(error: unknown, title = 'That did not work') {
	const e = asApiError(error);
	const parts = [databaseMessage(e) ?? e.message, e.path && e.path !== '$' ? `at ${e.path}` : '', e.hint ?? ''];
	notifications.show({ ...CLOSE, title, message: parts.filter(Boolean).join(' — '), color: 'red', autoClose: false });
}
