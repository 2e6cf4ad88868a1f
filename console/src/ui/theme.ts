import { createTheme, type MantineColorsTuple } from '@mantine/core';

const water: MantineColorsTuple = [
	'#e3fafc',
	'#c5eef3',
	'#99dce6',
	'#66c7d6',
	'#3db0c4',
	'#1c97ae',
	'#0b7285',
	'#095f6f',
	'#074c59',
	'#053944',
];

export const theme = createTheme({
	primaryColor: 'water',
	primaryShade: { light: 6, dark: 5 },
	autoContrast: true,
	colors: { water },
	defaultRadius: 'sm',
	fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Cantarell, sans-serif',
	fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
	headings: { fontWeight: '600' },
	cursorType: 'pointer',
	components: {
		Modal: { defaultProps: { centered: true, transitionProps: { duration: 0 } } },
		Drawer: { defaultProps: { transitionProps: { duration: 0 } } },
		Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
	},
});
