// Every src/features/*/feature.tsx, found by the build.
import type { Feature, FeatureRoute, Section, SectionId, SectionLink } from './feature';

const modules = import.meta.glob<{ feature: Feature }>('../features/*/feature.tsx', { eager: true });

export const features: Feature[] = Object.values(modules).map((m) => m.feature);

export const sections: Section[] = features.flatMap((f) => f.sections ?? []).sort((a, b) => a.order - b.order);

/** Longer patterns first, so that /data/sql is not taken for a source called "sql". */
export const routes: FeatureRoute[] = features.flatMap((f) => f.routes).sort((a, b) => weight(b.path) - weight(a.path));

export function sectionLinks(id: SectionId): SectionLink[] {
	return features
		.flatMap((f) => f.links ?? [])
		.filter((l) => l.section === id)
		.sort((a, b) => a.order - b.order);
}

function weight(path: string): number {
	return path
		.split('/')
		.filter(Boolean)
		.reduce((sum, part) => sum + (part.startsWith(':') ? 10 : 100), 0);
}
