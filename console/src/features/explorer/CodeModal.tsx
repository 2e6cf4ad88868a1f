// The request as code of other languages.
import { Button, Group, Modal, NativeSelect } from '@mantine/core';
import { useMemo, useState } from 'react';
import { serverUrl } from '@/api/session';
import { CodeEditor } from '@/ui/CodeEditor';
import { currentOperation } from './current';
import { exportCode, LANGUAGES, type Language } from './model/exportCode';
import { headersOf } from './model/headers';
import { requestHeaders } from './run';
import { useExplorer } from './store';

export default function CodeModal({ onClose }: { onClose: () => void }) {
	const [language, setLanguage] = useState<Language>('curl');
	const code = useMemo(() => {
		try {
			const s = useExplorer.getState();
			const headers = requestHeaders(headersOf(s.rows), s.asAdmin);
			delete headers['hasura-client-name'];
			delete headers['x-weir-token'];
			return exportCode(language, { url: serverUrl('v1/graphql'), ...currentOperation().op, headers });
		} catch (e) {
			return e instanceof Error ? e.message : String(e);
		}
	}, [language]);
	return (
		<Modal opened onClose={onClose} title="The request as code" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
			<Group mb="sm">
				<NativeSelect
					size="xs"
					aria-label="Language"
					data={LANGUAGES}
					value={language}
					onChange={(e) => setLanguage(e.currentTarget.value as Language)}
				/>
				<Button size="xs" variant="default" onClick={() => navigator.clipboard?.writeText(code)}>
					Copy
				</Button>
			</Group>
			<CodeEditor label="Code" readOnly value={code} maxHeight="60vh" />
		</Modal>
	);
}
