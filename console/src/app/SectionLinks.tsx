// The fixed links of a section, at the top of its side bar.
import { Link, useLocation } from 'wouter';
import { useSession } from '@/api/session';
import type { SectionId } from './feature';
import { sectionLinks } from './registry';
import classes from './SectionLinks.module.css';

export function SectionLinks({ section }: { section: SectionId }) {
	const [path] = useLocation();
	const config = useSession((s) => s.config);
	if (!config) return null;
	return (
		<ul className={classes.list}>
			{sectionLinks(section)
				.filter((l) => !l.visible || l.visible(config))
				.map((l) => (
					<li key={l.href}>
						<Link href={l.href} className={classes.link} aria-current={path === l.href ? 'page' : undefined}>
							{l.icon}
							{l.label}
						</Link>
					</li>
				))}
		</ul>
	);
}
