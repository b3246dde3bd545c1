// Draws the pictures of docs/panel.md: make screenshots
import { fileURLToPath } from 'node:url';
import { show, withPanels } from './gallery.mjs';

const PICTURES = {
  'panel-call': { scene: 'call', width: 1180, height: 720 },
  'panel-light': { scene: 'typical', width: 320, height: 720 },
  'panel-arabic': { scene: 'typical', width: 320, height: 720, colorScheme: 'dark', lang: 'ar', dir: 'rtl' },
};

await withPanels(async ({ open }) => {
  for (const [name, { scene, ...look }] of Object.entries(PICTURES)) {
    const page = await open(look);
    await show(page, scene, look);
    await page.screenshot({ path: fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url)) });
    await page.close();
  }
});
