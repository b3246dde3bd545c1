// Runs axe-core over every scene of the gallery in a headless Chromium; also measures widths and touch targets.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { openScene, withGallery } from './browser.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** In the dark only the colours are others: the rest is the same page. */
const RULES = {
  light: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
  dark: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] },
};
const SCENES = [
  'join',
  'join-problem',
  'alone',
  'empty',
  'typical',
  'states',
  'receipts',
  'chat',
  'invite',
  'reconnecting',
  'receive-only',
  'sharing-off',
  'sharing-off-host',
  'person-menu',
  'removal',
  'replaced',
  'dropped',
  'dropped-invited',
];

const LOOKS = [
  ['light', 320],
  ['light', 1440],
  ['dark', 1440],
];

await withGallery(async ({ browser, address }) => {
  let checked = 0;
  const failures = [];
  for (const [colorScheme, width] of LOOKS) {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 }, reducedMotion: 'reduce' });
    for (const scene of SCENES) {
      await openScene(page, address, scene);
      failures.push(
        ...(await violations(page, RULES[colorScheme])).map((text) => `${scene} ${width} ${colorScheme}: ${text}`),
      );
      const { scrollWidth } = await page.evaluate(() => ({ scrollWidth: document.documentElement.scrollWidth }));
      if (scrollWidth > width) failures.push(`${scene} ${width}: the page is ${scrollWidth} px wide`);
      if (width === 320) failures.push(...(await smallTargets(page)).map((text) => `${scene}: ${text}`));
      checked++;
    }
    await page.close();
  }
  assert.deepEqual(failures, []);
  console.log(`axe: ${checked} pages without a violation`);
});

async function violations(page, runOnly) {
  await page.evaluate(AXE);
  const results = await page.evaluate(
    (only) => globalThis.axe.run(document, { runOnly: only, resultTypes: ['violations'] }),
    runOnly,
  );
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.flat().join(' ')}: ${failureSummary}`),
  );
}

/** Buttons and fields, with the label that is pressed for them, under 40 px in either direction, through every shadow root. */
function smallTargets(page) {
  return page.evaluate(() => {
    const small = [];
    const walk = (root) => {
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot) walk(element.shadowRoot);
        if (!element.matches('button, input:not([hidden])')) continue;
        const { width, height } = (element.closest('label') ?? element).getBoundingClientRect();
        if (width > 0 && (width < 40 || height < 40))
          small.push(`${element.getAttribute('aria-label') ?? element.textContent.trim()}: ${width} × ${height}`);
      }
    };
    walk(document);
    return small;
  });
}
