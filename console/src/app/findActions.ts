import type { PaletteAction } from './feature';

function score(action: PaletteAction, words: string[]): number {
	const label = action.label.toLowerCase();
	const all = `${label} ${action.group} ${action.description ?? ''} ${action.keywords ?? ''}`.toLowerCase();
	let sum = 0;
	for (const word of words) {
		const at = label.indexOf(word);
		if (at === 0) sum += label === word ? 8 : 5;
		else if (at > 0) sum += /[\s._]/.test(label[at - 1] ?? '') ? 4 : 3;
		else if (all.includes(word)) sum += 1;
		else return 0;
	}
	return sum + 1 / (1 + label.length);
}

/** The actions that hold every word, best first; without words the first ones as they come. */
export function findActions(actions: PaletteAction[], query: string, limit: number): PaletteAction[] {
	const words = query.toLowerCase().split(/\s+/).filter(Boolean);
	if (words.length === 0) return actions.slice(0, limit);
	return actions
		.map((action) => ({ action, score: score(action, words) }))
		.filter((x) => x.score > 0)
		.sort((a, b) => b.score - a.score)
		.slice(0, limit)
		.map((x) => x.action);
}
