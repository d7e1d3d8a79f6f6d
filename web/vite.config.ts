import { svelte } from '@sveltejs/vite-plugin-svelte';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const pdfjs = createRequire(import.meta.url).resolve('pdfjs-dist/package.json');
const { version } = JSON.parse(readFileSync(pdfjs, 'utf8')) as { version: string };

/** What pdf.js fetches by its own names when a PDF holds such pictures; the version in the path tells releases apart. */
const pictureReaders: Plugin = {
  name: 'picture-readers',
  generateBundle() {
    for (const name of ['jbig2_nowasm_fallback.js', 'openjpeg_nowasm_fallback.js']) {
      const source = readFileSync(path.join(path.dirname(pdfjs), 'wasm', name));
      this.emitFile({ type: 'asset', fileName: `assets/pdfjs-${version}/${name}`, source });
    }
  },
};

// The server sends a content security policy without 'unsafe-*': nothing may be inlined into
// the page, and the preload polyfill would only be dead weight in the browsers we support.
export default defineConfig({
  plugins: [svelte(), pictureReaders],
  define: { PDFJS_VERSION: JSON.stringify(version) },
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
