import { Redirect } from 'wouter';

export default function StartPage() {
	return <Redirect to="/settings/metadata-actions" replace />;
}
