import { defaultClientConditions } from 'vite';
import { defineConfig } from 'vitest/config';

/** The Go server that `npm run dev` sends the SDK's requests to. */
const backend = process.env.HANDOUT_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
  // The page is bundled from the SDK's sources: one build, never a stale package.
  resolve: { conditions: ['@handout/source', ...defaultClientConditions] },
  build: {
    // dist/.gitkeep must stay for go:embed; the Makefile clears the rest.
    emptyOutDir: false,
    // What is bundled asks that its licence go with it.
    license: { fileName: 'licenses.md' },
    // The server's Content-Security-Policy allows no inline script, and the
    // browsers we support preload modules by themselves.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    target: 'es2022',
  },
  server: {
    proxy: {
      '/api': backend,
      '/uploads': backend,
      '/v1': { target: backend, ws: true },
    },
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'], server: { deps: { inline: ['@handout/sdk'] } } },
});
