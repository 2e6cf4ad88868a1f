import { Redirect } from 'wouter';
import { tablePath, usePlace } from './paths';

export default function TableStart() {
	const { source, table } = usePlace();
	return <Redirect to={tablePath(source, table)} replace />;
}
