import {
	createTheme,
	defaultVariantColorsResolver,
	type MantineColorsTuple,
	type VariantColorsResolver,
} from '@mantine/core';

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

/** The main colour is bright in the dark, where white on it could not be read: its text has a colour of each scheme. */
const readable: VariantColorsResolver = (input) => {
	const found = defaultVariantColorsResolver(input);
	const main = input.variant === 'filled' && (!input.color || input.color === 'water');
	return main ? { ...found, color: 'var(--mantine-primary-color-contrast)' } : found;
};

export const theme = createTheme({
	primaryColor: 'water',
	primaryShade: { light: 6, dark: 4 },
	autoContrast: true,
	variantColorResolver: readable,
	colors: { water },
	defaultRadius: 'sm',
	fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Cantarell, sans-serif',
	fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
	headings: { fontWeight: '600' },
	cursorType: 'pointer',
	respectReducedMotion: true,
	components: {
		Modal: { defaultProps: { centered: true, transitionProps: { duration: 0 } } },
		Drawer: { defaultProps: { transitionProps: { duration: 0 } } },
		Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
	},
});
