import {
	autocompletion,
	type Completion,
	type CompletionContext,
	type CompletionResult,
	closeCompletion,
} from '@codemirror/autocomplete';
import { keywordCompletionSource, PostgreSQL } from '@codemirror/lang-sql';
import { type Diagnostic, setDiagnostics } from '@codemirror/lint';
import { Prec } from '@codemirror/state';
import { type EditorView, keymap } from '@codemirror/view';
import { useEffect, useMemo, useRef } from 'react';
import { CodeEditor } from '@/ui/CodeEditor';
import { proposals, type SqlCatalog } from './model/completion';
import { wordAt } from './model/request';
import classes from './sql.module.css';

/** The chosen text, or all of it; and where it begins. */
export function textOf(view: EditorView | null, all: string): { text: string; offset: number } {
	const range = view?.state.selection.main;
	if (!view || !range || range.empty) return { text: all, offset: 0 };
	return { text: view.state.sliceDoc(range.from, range.to), offset: range.from };
}

export function markError(view: EditorView | null, at: number | null, message: string) {
	if (!view) return;
	const found: Diagnostic[] = [];
	if (at !== null) {
		const range = wordAt(view.state.doc.toString(), at);
		found.push({ ...range, severity: 'error', message });
		view.dispatch({ selection: { anchor: range.from }, scrollIntoView: true });
	}
	view.dispatch(setDiagnostics(view.state, found));
}

function complete(context: CompletionContext, catalog: SqlCatalog | undefined): CompletionResult | null {
	if (!catalog) return null;
	const typed = context.matchBefore(/[\p{L}\p{N}_$."]+/u);
	if (!context.explicit && !typed) return null;
	const found = proposals(catalog, context.state.doc.toString(), context.pos);
	if (!found) return null;
	const options: Completion[] = found.options.map((o) => ({
		label: o.label,
		apply: o.apply,
		type: { table: 'class', column: 'property', function: 'function', schema: 'namespace', alias: 'variable' }[o.type],
		detail: o.detail,
		boost: o.boost * 10,
	}));
	return { from: found.from, options, validFor: /^"?[\p{L}\p{N}_$]*$/u };
}

/** A key that is ours, whatever comes of it. */
function answered(view: EditorView, act: () => void): true {
	closeCompletion(view);
	act();
	return true;
}

const allKeywords = keywordCompletionSource(PostgreSQL);

/** Behind a dot stand names only. */
const keywords = (c: CompletionContext) => (c.matchBefore(/\.\s*[\p{L}\p{N}_$"]*/u) ? null : allKeywords(c));

export function SqlEditor(props: {
	value: string;
	onChange: (value: string) => void;
	catalog: SqlCatalog | undefined;
	onRun: () => void;
	onExplain: () => void;
	onView: (view: EditorView | null) => void;
}) {
	// What the keymap and the completion ask for at the time they are used.
	const now = useRef(props);
	useEffect(() => {
		now.current = props;
	});
	const extensions = useMemo(
		() => [
			Prec.highest(
				keymap.of([
					{ key: 'Mod-Enter', run: (v) => answered(v, now.current.onRun) },
					{ key: 'Mod-Shift-Enter', run: (v) => answered(v, now.current.onExplain) },
				]),
			),
			PostgreSQL.extension,
			autocompletion({ icons: false }),
			PostgreSQL.language.data.of({ autocomplete: (c: CompletionContext) => complete(c, now.current.catalog) }),
			PostgreSQL.language.data.of({ autocomplete: keywords }),
		],
		[],
	);
	return (
		<CodeEditor
			className={classes.editor}
			label="SQL"
			placeholder="select * from …"
			value={props.value}
			onChange={props.onChange}
			extensions={extensions}
			onView={props.onView}
		/>
	);
}
