// PostgreSQL's text plans as a tree.

export interface PlanNode {
	/** "Index Scan using author_pkey on author". */
	title: string;
	kind: string;
	relation?: string;
	startupCost: number;
	cost: number;
	rows: number;
	width: number;
	actual?: { ms: number; rows: number; loops: number };
	details: string[];
	children: PlanNode[];
	/** Cost of the node without its children. */
	own: number;
	/** Share of the whole plan, 0 to 1. */
	share: number;
	hint?: string;
}

const COSTS = /\(cost=([\d.]+)\.\.([\d.]+) rows=(\d+) width=(\d+)\)/;
const ACTUAL = /\(actual (?:time=([\d.]+)\.\.([\d.]+) )?rows=([\d.]+) loops=(\d+)\)/;

export function parsePlan(lines: string[]): PlanNode | null {
	const stack: { indent: number; node: PlanNode }[] = [];
	let root: PlanNode | null = null;
	for (const line of lines.flatMap((l) => l.split('\n'))) {
		const costs = COSTS.exec(line);
		const indent = line.search(/\S/);
		if (indent < 0) continue;
		if (!costs) {
			const text = line.trim();
			const owner = [...stack].reverse().find((s) => s.indent < indent) ?? stack[0];
			if (owner && !/^(Planning|Execution) Time/.test(text)) owner.node.details.push(text);
			continue;
		}
		const node = makeNode(line, costs);
		while (stack.length > 0 && (stack[stack.length - 1]?.indent ?? 0) >= indent) stack.pop();
		const parent = stack[stack.length - 1];
		if (parent) parent.node.children.push(node);
		else if (!root) root = node;
		stack.push({ indent, node });
	}
	if (root) measure(root, root.cost || 1);
	return root;
}

function makeNode(line: string, costs: RegExpExecArray): PlanNode {
	const title = line
		.slice(0, costs.index)
		.replace(/^\s*(->)?\s*/, '')
		.trim();
	const actual = ACTUAL.exec(line);
	const relation = / on (?:(?:"[^"]+"|[\w$]+)\.)?("[^"]+"|[\w$]+)/.exec(title)?.[1];
	return {
		title,
		kind: title.replace(/ (using|on) .*$/, ''),
		relation,
		startupCost: Number(costs[1]),
		cost: Number(costs[2]),
		rows: Number(costs[3]),
		width: Number(costs[4]),
		actual: actual ? { ms: Number(actual[2] ?? 0), rows: Number(actual[3]), loops: Number(actual[4]) } : undefined,
		details: [],
		children: [],
		own: 0,
		share: 0,
	};
}

function measure(node: PlanNode, total: number) {
	for (const c of node.children) measure(c, total);
	node.own = Math.max(0, node.cost - node.children.reduce((sum, c) => sum + c.cost, 0));
	node.share = Math.min(1, node.own / total);
	node.hint = hintFor(node);
}

const MANY_ROWS = 10_000;

function hintFor(node: PlanNode): string | undefined {
	const filter = node.details.find((d) => d.startsWith('Filter:'));
	if (node.kind === 'Seq Scan' && filter && node.cost > MANY_ROWS / 10) {
		const column = /\(+(?:\w+\.)?"?(\w+)"? (?:=|<|>|>=|<=) /.exec(filter)?.[1];
		return column && node.relation
			? `Reads the whole table to filter it. CREATE INDEX ON ${node.relation} (${column}); may help.`
			: 'Reads the whole table to filter it: an index may help.';
	}
	if (node.actual && node.rows > 0) {
		const off = node.actual.rows / node.rows;
		if (off > 10 || (off < 0.1 && node.rows > 100)) return 'The estimate is far off: ANALYZE the table.';
	}
	return undefined;
}

export function countNodes(node: PlanNode): number {
	return 1 + node.children.reduce((sum, c) => sum + countNodes(c), 0);
}
