import { Redirect } from 'wouter';
import { useMetadata } from '@/api/hooks';
import { ErrorView } from '@/ui/ErrorView';
import { Loading } from '@/ui/Page';
import { schemaPath } from './paths';

/** The only source's schema `public` is where everybody begins; with more sources, their list. */
export default function StartPage() {
	const { data, error, refetch } = useMetadata();
	if (error) return <ErrorView error={error} onRetry={refetch} />;
	if (!data) return <Loading />;
	const only = data.metadata.sources.length === 1 ? data.metadata.sources[0] : undefined;
	return <Redirect to={only ? schemaPath(only.name, 'public') : '/data/manage'} replace />;
}
