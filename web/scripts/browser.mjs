// What the browser scripts share: the gallery, built as the page is, and a headless Chromium.
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

/** Runs `work({ browser, address })` and ends the server and the browser, whatever happens. */
export async function withGallery(work) {
  const outDir = await mkdtemp(join(tmpdir(), 'handout-gallery-'));
  const server = await serve(outDir);
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
async function serve(outDir) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const common = { root, logLevel: 'error' };
  await build({
    ...common,
    build: { outDir, emptyOutDir: true, rolldownOptions: { input: join(root, 'gallery.html') } },
  });
  return preview({ ...common, build: { outDir }, preview: { host: '127.0.0.1', port: 0 } });
}

/** Where the parts of the room are not side by side, chooses one. */
export async function openPart(page, part) {
  const tab = page.getByTestId(`part-${part}`);
  if ((await tab.count()) > 0) await tab.click();
}

const menuOfAna = async (page) => {
  await openPart(page, 'people');
  await page.getByRole('button', { name: 'More for Ana Moreau' }).click();
};

/** What is done in a scene before it is looked at. */
const FIRST = {
  receipts: async (page) => {
    for (const one of await page.getByTestId('receipts-summary').all()) await one.click();
  },
  chat: async (page) => {
    await openPart(page, 'chat');
    await page.getByTestId('chat-message').last().waitFor();
    await page.getByTestId('chat-field').fill('Thanks, both of you.');
  },
  invite: async (page) => {
    await page.getByTestId('invite-button').click();
    await page.getByTestId('qr').waitFor();
  },
  'person-menu': menuOfAna,
  removal: async (page) => {
    await menuOfAna(page);
    await page.getByRole('menuitem', { name: 'Remove from room' }).click();
  },
};

/** Opens a scene and waits until it is drawn. */
export async function openScene(page, address, scene) {
  await page.goto(`${address}/gallery.html?scene=${scene}`);
  await page.locator('main').first().waitFor();
  await FIRST[scene]?.(page);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}
