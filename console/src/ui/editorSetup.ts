// What every editor has: the usual set of CodeMirror, but searching in the text is loaded when somebody presses Ctrl-F.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { EditorState, type Extension, StateEffect } from '@codemirror/state';
import {
	crosshairCursor,
	drawSelection,
	dropCursor,
	type EditorView,
	highlightActiveLine,
	highlightActiveLineGutter,
	highlightSpecialChars,
	keymap,
	lineNumbers,
	rectangularSelection,
} from '@codemirror/view';
import { loadWhenThere } from './later';

function find(view: EditorView): boolean {
	loadWhenThere(() => import('@codemirror/search')).then((s) => {
		view.dispatch({ effects: StateEffect.appendConfig.of([s.search(), keymap.of(s.searchKeymap)]) });
		s.openSearchPanel(view);
	});
	return true;
}

export const editorSetup: Extension = [
	lineNumbers(),
	highlightActiveLineGutter(),
	highlightSpecialChars(),
	history(),
	foldGutter(),
	drawSelection(),
	dropCursor(),
	EditorState.allowMultipleSelections.of(true),
	indentOnInput(),
	bracketMatching(),
	closeBrackets(),
	autocompletion(),
	rectangularSelection(),
	crosshairCursor(),
	highlightActiveLine(),
	keymap.of([
		...closeBracketsKeymap,
		...defaultKeymap,
		...historyKeymap,
		...foldKeymap,
		...completionKeymap,
		...lintKeymap,
		// Behind the search's own keys once those are there.
		{ key: 'Mod-f', run: find },
	]),
];
