// Draws scenes of the gallery: node scripts/screenshots.mjs FOLDER [SCENE...]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openScene, withPages } from './gallery.mjs';

const WIDTHS = [320, 768, 1440];
const LOOKS = [
  { colorScheme: 'light', locale: 'en' },
  { colorScheme: 'dark', locale: 'en' },
  { colorScheme: 'dark', locale: 'ar' },
  { colorScheme: 'light', locale: 'de' },
];
const [folder = 'screenshots', ...scenes] = process.argv.slice(2);
const wanted = scenes.length > 0 ? scenes : ['join', 'alone', 'typical', 'chat', 'invite', 'replaced'];

mkdirSync(folder, { recursive: true });
await withPages(async ({ browser, address }) => {
  for (const { colorScheme, locale } of LOOKS) {
    for (const width of WIDTHS) {
      const page = await browser.newPage({
        colorScheme,
        locale,
        viewport: { width, height: width === 320 ? 640 : 900 },
        deviceScaleFactor: 1,
        reducedMotion: 'reduce',
      });
      for (const scene of wanted) {
        await openScene(page, address, scene);
        await page.screenshot({ path: join(folder, `${scene}-${width}-${colorScheme}-${locale}.png`), fullPage: true });
      }
      await page.close();
    }
  }
});
