import type { BrowserContext, Page } from '@playwright/test';
import { drop, folder, receivedOf, withTrees as test } from '../harness/folders.js';
import { joinIn } from '../harness/page.js';
import { expect } from '../harness/test.js';
import type { SampleTree } from '../harness/tree.js';

/** In a test nobody chooses where a file is to go. */
async function withoutPicker(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
}

/** Sends a folder from Ana to Ben, who saves it as one archive; it is what was sent, and Ana knows that he has it. */
async function there(ana: Page, ben: Page, tree: SampleTree): Promise<void> {
  const count = tree.hashes.size;
  await expect(folder(ana, tree.name)).toHaveAttribute('data-done', `${count}`, { timeout: 60_000 });
  const save = ben.getByRole('button', { name: `Save ${tree.name}`, exact: true });
  await expect(folder(ben, tree.name)).toHaveAttribute('data-files', `${count}`);
  const saving = ben.waitForEvent('download', { timeout: 60_000 });
  await save.click();
  const download = await saving;
  expect(download.suggestedFilename()).toBe(`${tree.name}.zip`);
  expect(await tree.unpack(await download.path())).toEqual(tree.hashes);
  await download.delete();
  await expect(folder(ben, tree.name)).toHaveAttribute('data-done', `${count}`);
  await expect.poll(() => receivedOf(ana)).toBe(count);
}

test('a folder is dropped, shown as one, saved as one archive, and withdrawn', async ({ profile, handout, grow }) => {
  await withoutPicker(profile);
  const ana = await joinIn(profile, handout.origin, 'folders', 'Ana');
  const ben = await joinIn(profile, handout.origin, 'folders', 'Ben');
  const tree = await grow('photos', 200, (i) => 1 + ((i * 37) % 8000));
  await drop(ana, tree.path);
  await there(ana, ben, tree);
  const shown = folder(ben, 'photos');
  await shown.getByRole('button', { name: '200 files in photos' }).press('Enter');
  await expect(shown.getByTestId('file-card').first()).toHaveAttribute('data-name', 'file 0.bin');
  await expect(shown.getByTestId('file-card').nth(12)).toContainText('part 0/1');
  await ana.getByRole('button', { name: 'Withdraw photos' }).click();
  await ana.getByRole('group', { name: 'Withdraw photos' }).getByRole('button', { name: 'Withdraw' }).click();
  await expect(ben.getByRole('button', { name: 'Remove from list photos' })).toBeVisible();
});

/** Whatever is chosen is a file of the page's own file system: the window of the browser no test can answer. */
async function withPicker(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    Object.assign(window, {
      dismissed: true,
      showSaveFilePicker: async ({ suggestedName }: { suggestedName: string }) => {
        if ((window as unknown as { dismissed: boolean }).dismissed) throw new DOMException('', 'AbortError');
        return (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
      },
    });
  });
}

test('an archive goes straight into the file that is chosen for it', async ({ profile, handout, grow }) => {
  await withPicker(profile);
  const ana = await joinIn(profile, handout.origin, 'picked', 'Ana');
  const ben = await joinIn(profile, handout.origin, 'picked', 'Ben');
  const tree = await grow('sheets', 12, (i) => 1000 + i);
  await drop(ana, tree.path);
  await expect(folder(ben, 'sheets')).toHaveAttribute('data-files', '12');
  const save = ben.getByRole('button', { name: 'Save sheets', exact: true });
  await save.click();
  await ben.evaluate(() => Object.assign(window, { dismissed: false }));
  await save.click(); // whoever has dismissed the choice can choose again
  await expect(ben.getByText('sheets.zip is saved: 12 of 12 files.')).toBeVisible();
  const bytes = await ben.evaluate(async () => {
    const file = await (await (await navigator.storage.getDirectory()).getFileHandle('sheets.zip')).getFile();
    return [...new Uint8Array(await file.arrayBuffer())];
  });
  expect(await tree.unpackBytes(Uint8Array.from(bytes))).toEqual(tree.hashes);
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
