// The page's nonce for style elements; scripts need none.
import { setNonce } from 'get-nonce';

export const styleNonce = document.querySelector<HTMLMetaElement>('meta[name="weir-nonce"]')?.content ?? '';

if (styleNonce) setNonce(styleNonce);
