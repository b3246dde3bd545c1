// What is held of every scene of a gallery: axe-core finds nothing, the page is no wider than its window, and what is pressed is large enough.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** In the dark only the colours are others: the rest is the same page. */
const RULES = {
  light: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
  dark: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] },
};

/** What is wrong with a page that is drawn at this width, in these colours. */
export async function faultsOf(page, { width, colorScheme }) {
  const faults = await violations(page, RULES[colorScheme]);
  const { scrollWidth } = await page.evaluate(() => ({ scrollWidth: document.documentElement.scrollWidth }));
  if (scrollWidth > width) faults.push(`the page is ${scrollWidth} px wide`);
  if (width === 320) faults.push(...(await smallTargets(page)));
  return faults;
}

async function violations(page, runOnly) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
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
