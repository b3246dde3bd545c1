// What the browser scripts share: Vite's dev server with the gallery, and a headless Chromium.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Runs `work({ browser, address })` and ends the server and the browser, whatever happens. */
export async function withGallery(work) {
  const server = await createServer({
    root: fileURLToPath(new URL('..', import.meta.url)),
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
  });
  await server.listen();
  const { port } = server.httpServer.address();
  const executablePath =
    process.env.CHROMIUM ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : chromium.executablePath());
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    await work({ browser, address: `http://127.0.0.1:${port}` });
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Opens a scene and waits until it is drawn; that of the receipts with its lists open. */
export async function openScene(page, address, scene) {
  await page.goto(`${address}/gallery.html?scene=${scene}`);
  await page.locator('main').first().waitFor();
  if (scene === 'receipts') for (const one of await page.getByTestId('receipts-summary').all()) await one.click();
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}
