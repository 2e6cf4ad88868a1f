import { SectionLinks } from '@/app/SectionLinks';

export default function Sidebar() {
	return <SectionLinks section="settings" />;
}
