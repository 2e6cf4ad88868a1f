import { Redirect } from 'wouter';
import { schemaPath, usePlace } from './paths';

export default function SourceStart() {
	return <Redirect to={schemaPath(usePlace().source, 'public')} replace />;
}
