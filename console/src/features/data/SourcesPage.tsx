import { Page } from '@/ui/Page';

export default function SourcesPage() {
	return <Page title="Databases">{null}</Page>;
}
