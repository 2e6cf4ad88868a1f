// The pages of a section that has no side bar.
import { Link, useLocation } from 'wouter';
import { useSession } from '@/api/session';
import type { Section } from './feature';
import { sectionLinks } from './registry';
import classes from './Shell.module.css';

export function SectionTabs({ section }: { section: Section }) {
	const [path] = useLocation();
	const config = useSession((s) => s.config);
	const links = sectionLinks(section.id).filter((l) => !l.visible || (config && l.visible(config)));
	if (links.length < 2) return null;
	return (
		<nav aria-label={`Pages of ${section.label}`} className={classes.pages}>
			{links.map((l) => (
				<Link
					key={l.href}
					href={l.href}
					className={classes.pageLink}
					aria-current={path === l.href ? 'page' : undefined}
				>
					{l.icon}
					{l.label}
				</Link>
			))}
		</nav>
	);
}
