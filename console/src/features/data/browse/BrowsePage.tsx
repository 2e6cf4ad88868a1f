export default function BrowsePage() {
	return null;
}
