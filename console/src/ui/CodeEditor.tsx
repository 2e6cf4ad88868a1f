// CodeMirror 6 in the console's colours. Import it lazily or from a page: it is large.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { Annotation, Compartment, EditorState, type Extension } from '@codemirror/state';
import { EditorView, placeholder as placeholderText } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';
import { editorSetup } from './editorSetup';
import { styleNonce } from './nonce';

const look = EditorView.theme({
	'&': { backgroundColor: 'var(--weir-editor)', color: 'var(--mantine-color-text)', fontSize: '13px', height: '100%' },
	'&.cm-focused': { outline: '2px solid var(--mantine-primary-color-filled)', outlineOffset: '-1px' },
	'.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.5' },
	'.cm-gutters': { backgroundColor: 'transparent', color: 'var(--mantine-color-dimmed)', border: 'none' },
	'.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--weir-hover)' },
	'.cm-placeholder': { color: 'var(--mantine-color-dimmed)' },
	'.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
	'&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
		backgroundColor: 'var(--weir-selection) !important',
	},
	'.cm-tooltip': {
		backgroundColor: 'var(--mantine-color-body)',
		border: '1px solid var(--weir-line)',
		color: 'var(--mantine-color-text)',
	},
	'.cm-tooltip-autocomplete ul li[aria-selected]': {
		backgroundColor: 'var(--mantine-primary-color-filled)',
		color: 'var(--mantine-primary-color-contrast)',
	},
	'.cm-panels': { backgroundColor: 'var(--mantine-color-body)', color: 'var(--mantine-color-text)' },
});

const colours = HighlightStyle.define([
	{ tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: 'var(--weir-code-keyword)' },
	{ tag: [tags.propertyName, tags.attributeName], color: 'var(--weir-code-name)' },
	{ tag: [tags.string, tags.special(tags.string)], color: 'var(--weir-code-string)' },
	{ tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--weir-code-number)' },
	{ tag: [tags.typeName, tags.className], color: 'var(--weir-code-type)' },
	{ tag: tags.variableName, color: 'var(--weir-code-variable)' },
	{ tag: tags.comment, color: 'var(--mantine-color-dimmed)', fontStyle: 'italic' },
]);

/**
 * Typing over chosen text: left to itself Chromium keeps the colours of the old text in a style attribute, which the
 * policy of the page forbids, with an error in the browser's console.
 */
const typeOver = EditorView.domEventHandlers({
	beforeinput(event, view) {
		const { from, to, empty } = view.state.selection.main;
		const text = event.data;
		if (event.inputType !== 'insertText' || !text || empty || view.composing || view.state.readOnly) return false;
		event.preventDefault();
		const insert = () =>
			view.state.update(view.state.replaceSelection(text), { userEvent: 'input.type', scrollIntoView: true });
		// Brackets and quotes are closed by handlers of their own.
		if (!view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, insert)))
			view.dispatch(insert());
		return true;
	},
});

/** Colours, fonts and the nonce of style elements: for every editor of the console. */
export const editorLook: Extension = [EditorView.cspNonce.of(styleNonce), look, syntaxHighlighting(colours)];

export interface CodeEditorProps {
	value: string;
	onChange?: (value: string) => void;
	/** Language, completion, lint, keymaps. A new array replaces the old one: memoise it. */
	extensions?: Extension[];
	/** Keymaps that must win over the usual ones belong in `extensions` with Prec.highest. */
	label: string;
	placeholder?: string;
	readOnly?: boolean;
	minHeight?: string;
	maxHeight?: string;
	className?: string;
	/** The view, when it is there and null when it goes. */
	onView?: (view: EditorView | null) => void;
}

const NONE: Extension[] = [];

/** Another value was given, which is nothing the user did. */
const fromOutside = Annotation.define<boolean>();

export function CodeEditor(props: CodeEditorProps) {
	const { value, extensions = NONE, label, readOnly = false, placeholder } = props;
	const host = useRef<HTMLDivElement>(null);
	const view = useRef<EditorView | null>(null);
	const changed = useRef(props.onChange);
	const shown = useRef(props.onView);
	const part = useRef(new Compartment());
	const initial = useRef({ value, extensions, label, readOnly, placeholder });
	changed.current = props.onChange;
	shown.current = props.onView;

	useEffect(() => {
		if (!host.current) return;
		const first = initial.current;
		const made = new EditorView({
			parent: host.current,
			state: EditorState.create({
				doc: first.value,
				extensions: [
					part.current.of(first.extensions),
					editorSetup,
					editorLook,
					EditorView.lineWrapping,
					typeOver,
					EditorView.contentAttributes.of({ 'aria-label': first.label }),
					EditorState.readOnly.of(first.readOnly),
					first.placeholder ? placeholderText(first.placeholder) : [],
					EditorView.updateListener.of((u) => {
						if (u.docChanged && !u.transactions.some((t) => t.annotation(fromOutside)))
							changed.current?.(u.state.doc.toString());
					}),
				],
			}),
		});
		view.current = made;
		shown.current?.(made);
		return () => {
			shown.current?.(null);
			view.current = null;
			made.destroy();
		};
	}, []);

	useEffect(() => {
		view.current?.dispatch({ effects: part.current.reconfigure(extensions) });
	}, [extensions]);

	useEffect(() => {
		const v = view.current;
		if (v && v.state.doc.toString() !== value)
			v.dispatch({
				changes: { from: 0, to: v.state.doc.length, insert: value },
				annotations: fromOutside.of(true),
			});
	}, [value]);

	return (
		<div
			ref={host}
			className={props.className}
			style={{
				minHeight: props.minHeight,
				maxHeight: props.maxHeight,
				overflow: 'auto',
				border: '1px solid var(--weir-line)',
			}}
		/>
	);
}
