// Runs axe-core over every scene of the panel's gallery in a headless Chromium; also measures widths and touch targets.
import assert from 'node:assert/strict';
import { faultsOf } from './checks.mjs';
import { SCENES, show, withPanels } from './gallery.mjs';

/** Each scene at the widths of a phone and of a page; and the other ways to look at those that differ there. */
const FEW = [
  'typical',
  'states',
  'folders',
  'receipts',
  'question',
  'toasts',
  'dragging',
  'refused',
  'sharing-off-host',
];
/** Layouts of an application that has the room for them. */
const WIDE = ['call', 'two'];
const LOOKS = [
  { width: 320, colorScheme: 'light', scenes: SCENES.filter((scene) => !WIDE.includes(scene)) },
  { width: 1440, colorScheme: 'light', scenes: [...FEW, ...WIDE] },
  { width: 768, colorScheme: 'dark', scenes: [...FEW, 'alone', 'reconnecting', 'receive-only', 'themed'] },
  { width: 320, colorScheme: 'light', lang: 'ar', dir: 'rtl', scenes: FEW },
  { width: 320, colorScheme: 'light', lang: 'de', dir: 'ltr', scenes: FEW },
];

await withPanels(async ({ open }) => {
  let checked = 0;
  const failures = [];
  for (const look of LOOKS) {
    const page = await open(look);
    for (const scene of look.scenes) {
      await show(page, scene, look);
      const found = await faultsOf(page, look);
      failures.push(...found.map((text) => `${scene} ${look.width} ${look.colorScheme} ${look.lang ?? ''}: ${text}`));
      checked++;
    }
    await page.close();
  }
  assert.deepEqual(failures, []);
  console.log(`axe: ${checked} looks at ${SCENES.length} scenes of the panel without a violation`);
});
