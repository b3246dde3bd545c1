// What the browser scripts of the panel and of the page share: a gallery, built as it is for users, and a headless Chromium.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Runs `work({ browser, address })` with the gallery of a package, and ends the server and the browser, whatever happens. */
export async function withGallery(root, work) {
  const outDir = await mkdtemp(join(tmpdir(), 'handout-gallery-'));
  const server = await serve(fileURLToPath(root), outDir);
  const { port } = server.httpServer.address();
  const executablePath =
    process.env.CHROMIUM ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : chromium.executablePath());
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    await work({ browser, address: `http://127.0.0.1:${port}` });
  } finally {
    await browser.close();
    await server.close();
    await rm(outDir, { recursive: true });
  }
}

/** Built once: as single modules of the development server, every scene would load a hundred of them again. */
async function serve(root, outDir) {
  const common = { root, logLevel: 'error' };
  await build({
    ...common,
    build: { outDir, emptyOutDir: true, rolldownOptions: { input: join(root, 'gallery.html') } },
  });
  return preview({ ...common, build: { outDir }, preview: { host: '127.0.0.1', port: 0 } });
}

/** Waits until what was changed is drawn. */
export function drawn(page) {
  return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}
