// Two texts with their differences, side by side or in one. Import it lazily: it is large.
import { MergeView, unifiedMergeView } from '@codemirror/merge';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { editorLook } from './CodeEditor';
import classes from './DiffView.module.css';

const COMMON = {
	collapseUnchanged: { margin: 3, minSize: 6 },
	// Documents of some megabytes: better a coarse answer than a page that stands still.
	diffConfig: { scanLimit: 1000, timeout: 1500 },
};

const colours = EditorView.theme({
	'.cm-changedLine, .cm-insertedLine, &.cm-merge-b .cm-changedLine': {
		backgroundColor: 'var(--weir-added) !important',
	},
	'.cm-deletedChunk, .cm-deletedLine, &.cm-merge-a .cm-changedLine': {
		backgroundColor: 'var(--weir-removed) !important',
	},
	// By a line below: a darker ground would take the contrast.
	'.cm-changedText, .cm-deletedText': { background: 'none !important', boxShadow: 'inset 0 -1px currentColor' },
	// Of a line that goes or comes as a whole all text is changed: its colour says so.
	'ins.cm-insertedLine:not(:has(> :not(.cm-changedText))) > .cm-changedText': { boxShadow: 'none' },
	'del.cm-deletedLine:not(:has(> :not(.cm-changedText))) > .cm-changedText': { boxShadow: 'none' },
	'.cm-deletedLine > del:not(:has(> :not(.cm-deletedText))) > .cm-deletedText': { boxShadow: 'none' },
	// Its marks are of a font few have.
	'.cm-collapsedLines:before, .cm-collapsedLines:after': { content: 'none' },
	'.cm-collapsedLines': {
		background: 'var(--weir-sidebar) !important',
		color: 'var(--mantine-color-dimmed)',
		padding: '2px 12px',
	},
});

export function DiffView(props: {
	before: string;
	after: string;
	language?: Extension;
	sideBySide: boolean;
	label: string;
	maxHeight: string;
}) {
	const { before, after, language, sideBySide, label } = props;
	const host = useRef<HTMLDivElement>(null);
	useEffect(() => {
		if (!host.current) return;
		const parent = host.current;
		const look = (name: string): Extension => [
			editorLook,
			colours,
			lineNumbers(),
			EditorState.readOnly.of(true),
			EditorView.editable.of(false),
			// A list of lines that scrolls by keyboard.
			EditorView.contentAttributes.of({ 'aria-label': name, tabindex: '0' }),
			language ?? [],
		];
		if (sideBySide) {
			const made = new MergeView({
				a: { doc: before, extensions: [look(`${label}: now`), EditorView.lineWrapping] },
				b: { doc: after, extensions: [look(`${label}: new`), EditorView.lineWrapping] },
				parent,
				...COMMON,
			});
			return () => made.destroy();
		}
		const made = new EditorView({
			doc: after,
			parent,
			extensions: [
				look(label),
				EditorView.lineWrapping,
				unifiedMergeView({ original: before, mergeControls: false, ...COMMON }),
			],
		});
		return () => made.destroy();
	}, [before, after, language, sideBySide, label]);
	return <div ref={host} className={classes.diff} style={{ maxHeight: props.maxHeight }} />;
}
