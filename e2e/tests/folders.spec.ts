import type { Room, SharedFile } from '@handout/sdk';
import type { BrowserContext, Page } from '@playwright/test';
import { rendererPeak } from '../harness/memory.js';
import { joinIn } from '../harness/page.js';
import { test as base, expect } from '../harness/test.js';
import { SampleTree } from '../harness/tree.js';

const MiB = 1 << 20;

/** Writes folders that are gone after the test. */
const test = base.extend<{ grow: typeof SampleTree.create }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter's form
  grow: async ({}, use) => {
    const trees: SampleTree[] = [];
    await use(async (...shape) => {
      const tree = await SampleTree.create(...shape);
      trees.push(tree);
      return tree;
    });
    for (const tree of trees) await tree.dispose();
  },
});

/** The card of a folder. */
const folder = (page: Page, name: string) => page.locator(`[data-testid=file-group][data-name="${name}"]`);

/** Drops a folder of the disk on the page, as a person does. */
async function drop(page: Page, path: string): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  const { x, y } = (await page.locator('handout-panel').boundingBox()) ?? { x: 0, y: 0 };
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await cdp.send('Input.dispatchDragEvent', { type, x: x + 20, y: y + 20, data });
  await cdp.detach();
}

/** What each page has to say of itself: tasks that kept it from answering, in milliseconds. */
async function watchTasks(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const tasks: number[] = [];
    Object.assign(window, { tasks });
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
      buffered: true,
    });
  });
}

const longest = (page: Page): Promise<number> =>
  page.evaluate(() => Math.max(0, ...(window as unknown as { tasks: number[] }).tasks));

/** In a test nobody chooses where a file is to go. */
async function withoutPicker(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
}

/** Sends a folder from Ana to Ben, who saves it as one archive; it is what was sent, and Ana knows that he has it. */
async function there(ana: Page, ben: Page, tree: SampleTree, patience: number): Promise<void> {
  const count = tree.hashes.size;
  await expect(folder(ana, tree.name)).toHaveAttribute('data-done', `${count}`, { timeout: patience });
  const save = ben.getByRole('button', { name: `Save ${tree.name}`, exact: true });
  await expect(folder(ben, tree.name)).toHaveAttribute('data-files', `${count}`, { timeout: patience });
  const saving = ben.waitForEvent('download', { timeout: patience });
  await save.click();
  const download = await saving;
  expect(download.suggestedFilename()).toBe(`${tree.name}.zip`);
  expect(await tree.unpack(await download.path())).toEqual(tree.hashes);
  await download.delete();
  await expect(folder(ben, tree.name)).toHaveAttribute('data-done', `${count}`);
  const have = () =>
    ana.locator('handout-panel').evaluate((panel) => {
      const { files } = (panel as unknown as { room: Room }).room;
      const got = ({ receipts }: SharedFile) => [...receipts.values()].some(({ state }) => state === 'received');
      return [...files.values()].filter(got).length;
    });
  await expect.poll(have).toBe(count);
}

test('a folder is dropped, shown as one, saved as one archive, and withdrawn', async ({ profile, handout, grow }) => {
  await withoutPicker(profile);
  const ana = await joinIn(profile, handout.origin, 'folders', 'Ana');
  const ben = await joinIn(profile, handout.origin, 'folders', 'Ben');
  const tree = await grow('photos', 200, (i) => 1 + ((i * 37) % 8000));
  await drop(ana, tree.path);
  await there(ana, ben, tree, 60_000);
  const shown = folder(ben, 'photos');
  await shown.getByRole('button', { name: '200 files in photos' }).press('Enter');
  await expect(shown.getByTestId('file-card').first()).toHaveAttribute('data-name', 'file 0.bin');
  await expect(shown.getByTestId('file-card').nth(12)).toContainText('part 0/1');
  await ana.getByRole('button', { name: 'Withdraw photos' }).click();
  await ana.getByRole('group', { name: 'Withdraw photos' }).getByRole('button', { name: 'Withdraw' }).click();
  await expect(ben.getByRole('button', { name: 'Remove from list photos' })).toBeVisible();
});

test('a folder can be chosen by keyboard, and goes to whom it is for', async ({ profile, handout, grow }) => {
  const ana = await joinIn(profile, handout.origin, 'chosen', 'Ana');
  const ben = await joinIn(profile, handout.origin, 'chosen', 'Ben');
  await ana.getByTestId('recipient').filter({ hasText: 'Ben' }).press('Enter');
  const choosing = ana.waitForEvent('filechooser');
  await ana.getByTestId('choose-folder').press('Enter');
  // What is chosen there Chromium asks about in a window of its own, which no test can answer.
  expect(await (await choosing).element().getAttribute('webkitdirectory')).not.toBeNull();
  const tree = await grow('notes', 12, (i) => 10 + i);
  await drop(ana, tree.path);
  await expect(folder(ben, 'notes')).toHaveAttribute('data-files', '12');
  await expect(ben.getByTestId('section-for-you').locator('[data-name="notes"]')).toBeVisible();
});

test('1,000 files of 2 GiB are dropped at once, and both pages go on answering @long', async ({
  profile,
  handout,
  grow,
}) => {
  await withoutPicker(profile);
  await watchTasks(profile);
  const ana = await joinIn(profile, handout.origin, 'thousand', 'Ana');
  const ben = await joinIn(profile, handout.origin, 'thousand', 'Ben');
  const tree = await grow('thousand', 1000, (i) => (i % 2 === 0 ? 4 * MiB - 1000 : 195_000) + i);
  const began = Date.now();
  await drop(ana, tree.path);
  await there(ana, ben, tree, 1_500_000);
  const [sender, recipient, peak] = [await longest(ana), await longest(ben), await rendererPeak()];
  console.log(
    `1,000 files: ${Math.round((Date.now() - began) / 1000)} s there and verified; longest task ${sender} ms (sender), ${recipient} ms (recipient); a page has had ${Math.round(peak / MiB)} MiB`,
  );
  expect(Math.max(sender, recipient)).toBeLessThan(200);
  expect(peak).toBeLessThan(500 * MiB);
});
