import './ui/nonce';
import './ui/mantine';
import './ui/global.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';

const root = document.getElementById('root');
if (root)
	createRoot(root).render(
		<StrictMode>
			<App />
		</StrictMode>,
	);
