import type { Room, SharedFile } from '@handout/sdk';
import type { Page } from '@playwright/test';
import { test } from './test.js';
import { SampleTree } from './tree.js';

/** Writes folders that are gone after the test. */
export const withTrees = test.extend<{ grow: typeof SampleTree.create }>({
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
export const folder = (page: Page, name: string) => page.locator(`[data-testid=file-group][data-name="${name}"]`);

/** Drops a folder of the disk on the page, as a person does. */
export async function drop(page: Page, path: string): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  const { x, y } = (await page.locator('handout-panel').boundingBox()) ?? { x: 0, y: 0 };
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await cdp.send('Input.dispatchDragEvent', { type, x: x + 20, y: y + 20, data });
  await cdp.detach();
}

/** How many of the files of a page's room somebody has received. */
export function receivedOf(page: Page): Promise<number> {
  return page.locator('handout-panel').evaluate((panel) => {
    const { files } = (panel as unknown as { room: Room }).room;
    const got = ({ receipts }: SharedFile) => [...receipts.values()].some(({ state }) => state === 'received');
    return [...files.values()].filter(got).length;
  });
}
