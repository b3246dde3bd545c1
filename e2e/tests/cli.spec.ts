import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import { CommandLine } from '../harness/cli.js';
import { sha256 } from '../harness/files.js';
import { card, choose, person, save } from '../harness/page.js';
import { test as base, expect } from '../harness/test.js';

/** Somebody at a command line, and people on the page, in one room. */
const test = base.extend<{ shell: CommandLine; visit: (name: string) => Promise<Page> }>({
  shell: async ({ handout, backEnd }, use) => {
    const shell = await CommandLine.open(handout.origin, backEnd.room);
    await use(shell);
    await shell.dispose();
  },
  visit: async ({ browser, handout, backEnd }, use) => {
    await use(async (name) => {
      const page = await (await browser.newContext()).newPage();
      await page.goto(`${handout.origin}/#token=${await backEnd.token(name, 'participant', handout.origin)}`);
      await expect(person(page, name)).toBeVisible();
      return page;
    });
  },
});

test('what the page sends is received at a command line, and the page is told', async ({ shell, visit, samples }) => {
  const ana = await visit('Ana');
  const watching = shell.start('receive', '--watch', 'inbox', '--name', 'Ben');
  await expect(person(ana, 'Ben')).toBeVisible();
  const [film, notes] = [await samples.file('film.mp4', 9_000_000), await samples.file('notes.txt', 4_000)];
  await choose(ana, film, notes);
  for (const file of [film, notes]) {
    await expect.poll(() => sha256(shell.path('inbox', file.name)).catch(() => '')).toBe(file.sha256);
    await expect(card(ana, file.name).getByTestId('receipts-summary')).toHaveAccessibleName(`Ben has it ${file.name}`);
  }
  watching.process.kill('SIGINT');
  const { out, code } = await watching.ended;
  expect([code, out.trim().split('\n').length]).toEqual([0, 2]);
});

test('what a command line sends to somebody is saved on their page alone', async ({ shell, visit, samples }) => {
  const [ana, cleo] = [await visit('Ana'), await visit('Cleo')];
  const scan = await samples.file('scan.pdf', 5_000_000);
  const note = await samples.file('note.txt', 300);
  const sent = await shell.run('send', '--name', 'Ben', '--to', 'Ana', scan.path);
  expect([sent.code, sent.out]).toEqual([0, expect.stringMatching(/^sh_\S+ .* scan\.pdf\n$/)]);
  await save(ana, scan);
  expect((await shell.run('send', '--name', 'Ben', note.path)).code).toBe(0);
  await save(cleo, note);
  await expect(card(cleo, scan.name)).toHaveCount(0);
  const wrong = await shell.run('send', '--name', 'Ben', '--to', 'Dan', scan.path);
  expect([wrong.code, wrong.said]).toEqual([1, expect.stringContaining('nobody called Dan is in the room')]);
});

test('a folder of a command line is a folder on the page, saved as one archive', async ({ shell, visit, samples }) => {
  const ana = await visit('Ana');
  const [plan, deep] = [await samples.file('plan.bin', 1_500_000), await samples.file('deep.txt', 700)];
  await mkdir(shell.path('tree', 'a', 'b'), { recursive: true });
  await copyFile(plan.path, shell.path('tree', 'plan.bin'));
  await copyFile(deep.path, shell.path('tree', 'a', 'b', 'deep.txt'));
  const { code, said } = await shell.run('send', '--name', 'Ben', 'tree');
  expect([code, said]).toEqual([0, expect.any(String)]);
  await ana.evaluate(() => Reflect.deleteProperty(window, 'showSaveFilePicker')); // nobody chooses where it is to go
  const saved = ana.waitForEvent('download');
  await ana.getByRole('button', { name: 'Save tree', exact: true }).click();
  await promisify(execFile)('unzip', ['-q', await (await saved).path(), '-d', shell.path('out')]);
  expect(await sha256(shell.path('out', 'tree', 'plan.bin'))).toBe(plan.sha256);
  expect(await readFile(shell.path('out', 'tree', 'a', 'b', 'deep.txt'))).toEqual(await readFile(deep.path));
});
