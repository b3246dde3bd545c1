// The panel's gallery in a browser: its scenes, and what is done in them before they are looked at.
import { readFileSync } from 'node:fs';
import { drawn, withGallery } from './browser.mjs';

const root = new URL('..', import.meta.url);

/** The names of all scenes, as the gallery has them. */
export const SCENES = (() => {
  const source = readFileSync(new URL('src/dev/scenes.ts', root), 'utf8');
  const table = source.slice(source.indexOf('export const scenes'));
  return [...table.matchAll(/^ {2}'?([a-z][a-z-]*)'?[:,]/gm)].map(([, name]) => name);
})();

/** What is done in a scene before it is looked at. */
const FIRST = {
  idle: () => undefined,
  joining: (page) => page.getByTestId('joining').waitFor(),
  refused: (page) => page.getByTestId('standing').waitFor(),
  question: (page) => page.locator('[data-name^="Salary"]').getByRole('button').first().click(),
  receipts: async (page) => {
    for (const one of await page.getByTestId('receipts-summary').all()) await one.click();
  },
  folders: async (page) => {
    for (const one of await page.locator('.fold').all()) await one.click();
  },
  toasts: async (page) => {
    await page.evaluate(() => {
      const panel = document.querySelector('handout-panel');
      panel.room.tell('files-offered', { files: [...panel.room.files.values()].slice(0, 2) });
      panel.notify('Everything there is to say about a file with a long name, in words that need two lines.', 'error');
    });
    await page.getByTestId('toast').nth(1).waitFor();
  },
  dragging: async (page) => {
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['x'], 'x.txt'));
      const init = { dataTransfer, bubbles: true, composed: true, cancelable: true };
      document.querySelector('handout-panel').dispatchEvent(new DragEvent('dragover', init));
    });
    await page.locator('handout-drop-hint').waitFor();
  },
};

/** Runs `work({ open })`, where `open(look)` is a page of the gallery. */
export function withPanels(work) {
  return withGallery(root, ({ browser, address }) =>
    work({
      open: async ({ width, height = 800, colorScheme = 'light' }) => {
        const viewport = { width, height };
        const page = await browser.newPage({ colorScheme, viewport, deviceScaleFactor: 1, reducedMotion: 'reduce' });
        await page.goto(`${address}/gallery.html?scene=idle`);
        return page;
      },
    }),
  );
}

/** Draws a scene, in place of the one before. */
export async function show(page, scene, { lang = 'en', dir = 'ltr' } = {}) {
  await page.evaluate(([name, look]) => window.show(name, look), [scene, { lang, dir }]);
  await spoken(page, lang);
  await FIRST[scene]?.(page);
  await drawn(page);
}

/** Another language comes when it is spoken. */
async function spoken(page, lang) {
  const words = { ar: 'اختيار', de: 'auswählen' }[lang];
  if (words === undefined) return;
  await page.waitForFunction(
    (text) => document.querySelector('handout-panel').shadowRoot.querySelector('input').ariaLabel?.includes(text),
    words,
  );
}
