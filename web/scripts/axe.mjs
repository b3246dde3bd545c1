// Runs axe-core over the page's scenes in a headless Chromium; also measures widths and touch targets.
import assert from 'node:assert/strict';
import { faultsOf } from '../../panel/scripts/checks.mjs';
import { openScene, withPages } from './gallery.mjs';

const SCENES = [
  'join',
  'join-problem',
  'alone',
  'typical',
  'chat',
  'invite',
  'person-menu',
  'removal',
  'replaced',
  'dropped',
  'dropped-invited',
];

const LOOKS = [
  { width: 320, colorScheme: 'light' },
  { width: 1440, colorScheme: 'light' },
  { width: 1440, colorScheme: 'dark' },
  { width: 320, colorScheme: 'light', locale: 'ar', scenes: ['join', 'chat', 'removal'] },
  { width: 320, colorScheme: 'light', locale: 'de', scenes: ['join', 'chat', 'removal', 'dropped-invited'] },
];

await withPages(async ({ browser, address }) => {
  let checked = 0;
  const failures = [];
  for (const { width, colorScheme, locale = 'en', scenes = SCENES } of LOOKS) {
    const viewport = { width, height: 800 };
    const page = await browser.newPage({ colorScheme, locale, viewport, reducedMotion: 'reduce' });
    for (const scene of scenes) {
      await openScene(page, address, scene);
      const found = await faultsOf(page, { width, colorScheme });
      failures.push(...found.map((text) => `${scene} ${width} ${colorScheme} ${locale}: ${text}`));
      checked++;
    }
    await page.close();
  }
  assert.deepEqual(failures, []);
  console.log(`axe: ${checked} pages without a violation`);
});
