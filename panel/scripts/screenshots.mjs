// Draws scenes of the gallery: node scripts/screenshots.mjs FOLDER [SCENE...]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SCENES, show, withPanels } from './gallery.mjs';

const LOOKS = [
  { width: 320, colorScheme: 'light' },
  { width: 768, colorScheme: 'dark' },
  { width: 1440, colorScheme: 'light' },
  { width: 320, colorScheme: 'dark', lang: 'ar', dir: 'rtl' },
  { width: 768, colorScheme: 'light', lang: 'ar', dir: 'rtl' },
];
const [folder = 'screenshots', ...wanted] = process.argv.slice(2);

mkdirSync(folder, { recursive: true });
await withPanels(async ({ open }) => {
  for (const look of LOOKS) {
    const page = await open(look);
    for (const scene of wanted.length > 0 ? wanted : SCENES) {
      await show(page, scene, look);
      const name = [scene, look.width, look.colorScheme, look.lang].filter(Boolean).join('-');
      await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
    }
    await page.close();
  }
});
