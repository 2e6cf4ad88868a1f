// What a folder of src/features exports as `feature` from its feature.tsx. That file is part of the shell: keep it
// small, and load pages by `import()`.
import type { ComponentType, ReactNode } from 'react';
import type { ConsoleConfig } from '@/api/session';
import type { EngineMetadata } from '@/model/metadata';

export type SectionId = 'api' | 'data' | 'settings';

/** An entry of the top bar. A section may have a side bar, shown on all its routes. */
export interface Section {
	id: SectionId;
	label: string;
	href: string;
	order: number;
	/** Key behind `g` that jumps there. */
	key: string;
	icon: ReactNode;
	sidebar?: () => Promise<{ default: ComponentType }>;
}

export interface FeatureRoute {
	/** wouter pattern below /console; deep links are Hasura's. */
	path: string;
	section: SectionId;
	/** Of the document; `:name` stands for the route's parameter. */
	title: string;
	load: () => Promise<{ default: ComponentType }>;
}

/** A fixed link of a section's side bar, as Data › SQL. */
export interface SectionLink {
	section: SectionId;
	label: string;
	href: string;
	order: number;
	icon?: ReactNode;
	visible?: (config: ConsoleConfig) => boolean;
}

export interface ActionContext {
	metadata: EngineMetadata | undefined;
	config: ConsoleConfig;
	go: (href: string) => void;
}

/** An entry of the command palette (Ctrl-K). */
export interface PaletteAction {
	id: string;
	label: string;
	group: string;
	description?: string;
	/** Further words to be found by. */
	keywords?: string;
	run: () => void | Promise<void>;
}

export interface Feature {
	id: string;
	sections?: Section[];
	routes: FeatureRoute[];
	links?: SectionLink[];
	/** Called when the palette opens: may be long (one entry a table). */
	actions?: (context: ActionContext) => PaletteAction[];
}
