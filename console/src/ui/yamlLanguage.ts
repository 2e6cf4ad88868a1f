// Enough of YAML to colour what the console writes itself: keys, strings, numbers, comments.
import { StreamLanguage } from '@codemirror/language';

export const yaml = StreamLanguage.define<{ key: boolean }>({
	name: 'yaml',
	startState: () => ({ key: true }),
	token(stream, state) {
		if (stream.sol()) state.key = true;
		if (stream.eatSpace()) return null;
		if (stream.match(/^#.*/)) return 'comment';
		if (stream.match(/^- +/)) return 'operator';
		if (state.key && stream.match(/^("[^"]*"|'[^']*'|[^\s:#"'[\]{}][^:#]*?)(?=:(\s|$))/)) {
			state.key = false;
			return 'propertyName';
		}
		if (stream.match(/^(true|false|null|~)(?=\s*$)/)) return 'atom';
		if (stream.match(/^-?\d+(\.\d+)?(?=\s*$)/)) return 'number';
		if (stream.match(/^("([^"\\]|\\.)*"|'[^']*')/)) return 'string';
		if (stream.match(/^[:,[\]{}]/)) return 'punctuation';
		if (!stream.match(/^[^\s:,[\]{}#]+/)) stream.next();
		return 'string';
	},
});
