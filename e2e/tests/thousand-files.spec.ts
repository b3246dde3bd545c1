import { rm } from 'node:fs/promises';
import { BareBrowser } from '../harness/bare.js';
import { drop, folder, receivedOf, withTrees as test } from '../harness/folders.js';
import { rendererPeak } from '../harness/memory.js';
import { joinIn } from '../harness/page.js';
import { expect } from '../harness/test.js';

const MiB = 1 << 20;

/** Notes tasks that keep a page from answering, in milliseconds; and in a test nobody chooses where a file is to go. */
const WATCH = `
  window.tasks = [];
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask', buffered: true });
  delete window.showSaveFilePicker;`;

/** Runs in a page: the longest of its tasks. */
const longest = () => Math.max(0, ...(window as unknown as { tasks: number[] }).tasks);

test('1,000 files of 2 GiB are dropped at once, and both pages go on answering @long', async ({
  profile,
  handout,
  grow,
  launchOptions,
}) => {
  await profile.addInitScript(WATCH);
  const ana = await joinIn(profile, handout.origin, 'thousand', 'Ana');
  const ben = await BareBrowser.start(launchOptions, WATCH);
  try {
    await ben.goto(`${handout.origin}/?room=thousand`);
    await expect.poll(() => ben.evaluate((find) => find('#name') !== undefined)).toBe(true);
    await ben.evaluate((find) => {
      (find('#name') as HTMLInputElement).value = 'Ben';
      (find('[data-testid=join-form]') as HTMLFormElement).requestSubmit();
    });
    await expect.poll(() => ben.evaluate((find) => find('handout-panel') !== undefined)).toBe(true);
    const tree = await grow('thousand', 1000, (i) => (i % 2 === 0 ? 4 * MiB - 1000 : 195_000) + i);
    const began = Date.now();
    await drop(ana, tree.path);
    await expect(folder(ana, 'thousand')).toHaveAttribute('data-done', '1000', { timeout: 600_000 });
    const group = () => ben.evaluate((find) => find('[data-testid=file-group]')?.dataset.files);
    await expect.poll(group, { timeout: 60_000 }).toBe('1000');
    await ben.evaluate((find) => find('[aria-label="Save thousand"]')?.click());
    await expect.poll(() => ben.saved.length, { timeout: 600_000 }).toBe(1);
    const seconds = Math.round((Date.now() - began) / 1000);
    const [archive] = ben.saved;
    expect(archive?.name).toBe('thousand.zip');
    expect(await tree.unpack(archive?.path ?? '')).toEqual(tree.hashes);
    await rm(archive?.path ?? '');
    await expect.poll(() => receivedOf(ana)).toBe(1000);
    const [sender, recipient, peak] = [await ana.evaluate(longest), await ben.evaluate(longest), await rendererPeak()];
    console.log(
      `1,000 files: ${seconds} s there and verified; longest task ${sender} ms (sender), ${recipient} ms (recipient); a page has had ${Math.round(peak / MiB)} MiB`,
    );
    expect(Math.max(sender, recipient)).toBeLessThan(200);
    expect(peak).toBeLessThan(300 * MiB);
  } finally {
    await ben.dispose();
  }
});
