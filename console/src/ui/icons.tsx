// Line icons of 16 px, our own: no icon font, nothing to load.
import type { ReactNode, SVGProps } from 'react';

type IconProps = { size?: number } & SVGProps<SVGSVGElement>;

const icon = (paths: ReactNode) => (props: IconProps) => <Svg {...props}>{paths}</Svg>;

function Svg({ size = 16, children, ...more }: IconProps) {
	return (
		<svg
			width={size}
			height={size}
			viewBox="0 0 16 16"
			fill="none"
			stroke="currentColor"
			strokeWidth={1.4}
			strokeLinecap="round"
			strokeLinejoin="round"
			aria-hidden="true"
			focusable="false"
			{...more}
		>
			{children}
		</svg>
	);
}

export const IconApi = icon(<path d="M5 4 1.5 8 5 12M11 4l3.5 4L11 12M9.3 3 6.7 13" />);
export const IconDatabase = icon(
	<>
		<ellipse cx="8" cy="3.5" rx="5.5" ry="2" />
		<path d="M2.5 3.5v9c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2v-9M2.5 8c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2" />
	</>,
);
export const IconSettings = icon(
	<>
		<circle cx="8" cy="8" r="2.2" />
		<path d="M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M3.4 12.6l1.4-1.4M11.2 4.8l1.4-1.4" />
	</>,
);
export const IconTable = icon(<path d="M2 3h12v10H2zM2 6.3h12M2 9.7h12M6.5 6.3V13" />);
export const IconView = icon(
	<>
		<path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z" />
		<circle cx="8" cy="8" r="2" />
	</>,
);
export const IconSchema = icon(
	<path d="M1.5 4.5V12a1 1 0 0 0 1 1h11a1 1 0 0 0 1-1V6a1 1 0 0 0-1-1H8L6.5 3h-4a1 1 0 0 0-1 1z" />,
);
export const IconFunction = icon(<path d="M10.5 2.5C8 2 8 4.5 7.7 7S7 13.5 5 13.5M5 7h6" />);
export const IconInherited = icon(<path d="M4 2v7.5a2 2 0 0 0 2 2h6.5M9.5 8.5l3 3-3 3" />);
export const IconSearch = icon(
	<>
		<circle cx="7" cy="7" r="4.5" />
		<path d="m10.5 10.5 3.5 3.5" />
	</>,
);
export const IconSun = icon(
	<>
		<circle cx="8" cy="8" r="3" />
		<path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1" />
	</>,
);
export const IconMoon = icon(<path d="M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z" />);
export const IconWarning = icon(<path d="M8 2 1.5 13.5h13zM8 6.5v3M8 11.5v.2" />);
export const IconLock = icon(<path d="M3.5 7h9v7h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2" />);
export const IconCheck = icon(<path d="m3 8.5 3.5 3.5L13 4.5" />);
export const IconCross = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const IconFilter = icon(<path d="M2 3h12L9.5 8.5V13l-3-1.5v-3z" />);
export const IconPlus = icon(<path d="M8 3v10M3 8h10" />);
export const IconTrash = icon(<path d="M2.5 4.5h11M6 4.5V3h4v1.5M4 4.5l.6 9h6.8l.6-9M6.7 7v4M9.3 7v4" />);
export const IconEdit = icon(<path d="M2.5 13.5v-3l8-8 3 3-8 8zM9 4l3 3" />);
export const IconCopy = icon(<path d="M5.5 5.5h8v8h-8zM3 10.5H2.5v-8h8V3" />);
export const IconUndo = icon(<path d="M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M6 3.5l-3 3 3 3" />);
export const IconDownload = icon(<path d="M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11" />);
export const IconUpload = icon(<path d="M8 10.5v-8M4.5 5.5 8 2l3.5 3.5M2.5 13.5h11" />);
export const IconRefresh = icon(<path d="M13.5 8A5.5 5.5 0 1 1 11.9 4.1M13.5 1.8v2.8h-2.8" />);
export const IconPlay = icon(<path d="M4.5 2.5v11l9-5.5z" />);
export const IconChevronRight = icon(<path d="m6 3.5 4.5 4.5L6 12.5" />);
export const IconChevronDown = icon(<path d="m3.5 6 4.5 4.5L12.5 6" />);
export const IconPin = icon(<path d="M9.5 2 14 6.5l-2.5.5-2.5 2.5-.5 3-5-5 3-.5L9 4.5zM6 10l-4 4" />);
export const IconLink = icon(
	<path d="M6.5 9.5a3 3 0 0 0 4.3 0l2.2-2.2a3 3 0 0 0-4.3-4.3l-1 1M9.5 6.5a3 3 0 0 0-4.3 0L3 8.7A3 3 0 0 0 7.3 13l1-1" />,
);
export const IconUser = icon(
	<>
		<circle cx="8" cy="5" r="2.8" />
		<path d="M2.5 14c.5-3 2.7-4.3 5.5-4.3s5 1.3 5.5 4.3" />
	</>,
);
export const IconLogout = icon(<path d="M6.5 2.5h-4v11h4M10 4.8 13.2 8 10 11.2M13 8H6" />);
export const IconKeyboard = icon(<path d="M1.5 4h13v8h-13zM4 6.5h.2M6.6 6.5h.2M9.2 6.5h.2M11.8 6.5h.2M5 9.5h6" />);
export const IconTerminal = icon(<path d="M1.5 3h13v10h-13zM4 6l2.5 2L4 10M8 10.5h4" />);
export const IconHistory = icon(<path d="M2.6 9.5A5.5 5.5 0 1 0 3 5M2.5 2v3.2h3.2M8 5v3.3l2.3 1.4" />);
export const IconStop = icon(<path d="M4 4h8v8H4z" />);
export const IconPause = icon(<path d="M5.5 3v10M10.5 3v10" />);
export const IconInfo = icon(
	<>
		<circle cx="8" cy="8" r="6" />
		<path d="M8 7.3v4M8 4.8v.2" />
	</>,
);
export const IconPulse = icon(<path d="M1.5 8.5h3l2-5.5 3 10 2-4.5h3" />);
export const IconMigrate = icon(<path d="M3 2.5h7l3 3v8H3zM5.5 9.5h5M8.5 7.5l2 2-2 2" />);
export const IconCalendar = icon(<path d="M2 3.5h12v10H2zM2 6.5h12M5 2v2.5M11 2v2.5" />);
export const IconMore = icon(<path d="M3.4 8h.2M7.9 8h.2M12.4 8h.2" />);
export const IconColumns = icon(<path d="M2 3h12v10H2zM6 3v10M10 3v10" />);
export const IconArrowUp = icon(<path d="M8 13V3M4 7l4-4 4 4" />);
export const IconArrowDown = icon(<path d="M8 3v10M4 9l4 4 4-4" />);
export const IconRedo = icon(<path d="M13 6.5H6.5a3.5 3.5 0 0 0 0 7H10M10 3.5l3 3-3 3" />);
