// Runs axe-core over every scene of the gallery, and walks the room by keyboard, in a headless Chromium.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { openScene, withGallery } from './browser.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const SCENES = ['join', 'join-problem', 'alone', 'empty', 'typical', 'states', 'reconnecting', 'receive-only', 'replaced', 'room-ended'];

await withGallery(async ({ browser, address }) => {
  let checked = 0;
  const failures = [];
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [320, 1440]) {
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 }, reducedMotion: 'reduce' });
      for (const scene of SCENES) {
        await openScene(page, address, scene);
        failures.push(...(await violations(page)).map((text) => `${scene} ${width} ${colorScheme}: ${text}`));
        const { scrollWidth } = await page.evaluate(() => ({ scrollWidth: document.documentElement.scrollWidth }));
        if (scrollWidth > width) failures.push(`${scene} ${width}: the page is ${scrollWidth} px wide`);
        if (width === 320) failures.push(...(await smallTargets(page)).map((text) => `${scene}: ${text}`));
        checked++;
      }
      await page.close();
    }
  }
  await keyboard(browser, address);
  assert.deepEqual(failures, []);
  console.log(`axe: ${checked} pages without a violation; the room works by keyboard`);
});

async function violations(page) {
  await page.evaluate(AXE);
  const results = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }), RULES);
  return results.violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target.flat().join(' ')}: ${failureSummary}`));
}

/** Buttons and fields under 40 px in either direction, through every shadow root. */
function smallTargets(page) {
  return page.evaluate(() => {
    const small = [];
    const walk = (root) => {
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot) walk(element.shadowRoot);
        if (!element.matches('button, input:not([hidden])')) continue;
        const { width, height } = element.getBoundingClientRect();
        if (width > 0 && (width < 40 || height < 40)) small.push(`${element.getAttribute('aria-label') ?? element.textContent.trim()}: ${width} × ${height}`);
      }
    };
    walk(document);
    return small;
  });
}

/** Chooses recipients and opens the file dialog for one person, with keys alone. */
async function keyboard(browser, address) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  await openScene(page, address, 'typical');
  const ana = page.getByTestId('recipients').getByRole('button', { name: 'Ana Moreau' });
  await ana.focus();
  await page.keyboard.press('Space');
  assert.equal(await ana.getAttribute('aria-pressed'), 'true');
  await page.getByRole('button', { name: 'Choose files for Ana Moreau' }).waitFor();

  const dialog = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Send files to Kofi Boateng' }).focus();
  await page.keyboard.press('Enter');
  await dialog;

  const withdraw = page.getByRole('button', { name: 'Withdraw Salary bands.csv' });
  await withdraw.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('group', { name: 'Withdraw Salary bands.csv' }).waitFor();
  assert.equal(await focused(page), 'Keep');
  await page.keyboard.press('Escape');
  await withdraw.waitFor();
  assert.equal(await focused(page), 'Withdraw Salary bands.csv');
  await page.close();
}

function focused(page) {
  return page.evaluate(() => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    return active?.getAttribute('aria-label') ?? active?.textContent?.trim();
  });
}
