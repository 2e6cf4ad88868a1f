// JSON with colours and errors where they are. Loaded when it is needed: the editor is large.
import { json, jsonParseLinter } from '@codemirror/lang-json';
import { linter, lintGutter } from '@codemirror/lint';
import { CodeEditor, type CodeEditorProps } from '@/ui/CodeEditor';

const lint = linter((view) => (view.state.doc.toString().trim() === '' ? [] : jsonParseLinter()(view)));
const EXTENSIONS = [json(), lint, lintGutter()];
const READ = [json()];

export default function JsonEditor(props: Omit<CodeEditorProps, 'extensions'>) {
	return <CodeEditor {...props} extensions={props.readOnly ? READ : EXTENSIONS} />;
}
