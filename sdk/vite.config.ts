import { defineConfig } from 'vitest/config';
import { slimTus } from './scripts/tus.mjs';

export default defineConfig({
  plugins: [slimTus()],
  test: {
    include: ['src/**/*.test.ts'],
    // Tests run under Node, whose build of tus-js-client is not the one that pages get.
    alias: { 'tus-js-client': 'tus-js-client/lib.esm/browser/index.js' },
    server: { deps: { inline: ['tus-js-client'] } },
  },
});
