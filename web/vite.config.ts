import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// The server sends a content security policy without 'unsafe-*': nothing may be inlined into
// the page, and the preload polyfill would only be dead weight in the browsers we support.
export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'safari17.5', 'firefox120'],
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // `make dev`: the page from here, everything else from the program.
  server: {
    proxy: {
      '^/(api|livez|readyz|problems)(/|$)': `http://${process.env.BRAINBYTES_LISTEN ?? '127.0.0.1:3000'}`,
    },
  },
});
