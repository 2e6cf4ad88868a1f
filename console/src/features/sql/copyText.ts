import { notifyDone, notifyError } from '@/ui/notify';

export async function copyText(text: string, what: string) {
	try {
		await navigator.clipboard.writeText(text);
		notifyDone(`Copied ${what}.`);
	} catch (e) {
		notifyError(e, 'It was not copied');
	}
}
