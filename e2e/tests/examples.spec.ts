import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Browser, Page } from '@playwright/test';
import { Example } from '../harness/example.js';
import { type Sample, sha256 } from '../harness/files.js';
import { card } from '../harness/page.js';
import { repository } from '../harness/readme.js';
import { test as base, expect } from '../harness/test.js';

/** Starts an example, and stops it after the test. */
const test = base.extend<{ start: (folder: string, api?: string) => Promise<Example> }>({
  start: async ({ handout }, use) => {
    const running: Example[] = [];
    await use(async (folder, api = '/v1') => {
      const example = await Example.start(folder, handout.origin + api);
      running.push(example);
      return example;
    });
    for (const example of running) await example.stop();
  },
});

/** Opens the example in a window of its own, and goes in. */
async function enter(browser: Browser, url: string, name: string, button: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(url);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: button }).click();
  return page;
}

test('an application of the EnxRoom API, unchanged: sent to all, saved, sent to one', async ({
  browser,
  start,
  samples,
}) => {
  const { url } = await start('examples/enxroom', '/video/v2');
  const [ana, ben] = [
    await enter(browser, url, 'Ana', 'Join the call'),
    await enter(browser, url, 'Ben', 'Join the call'),
  ];
  const cleo = await enter(browser, url, 'Cleo', 'Join the call');
  const people = (page: Page) => page.getByRole('group', { name: 'Send to' }).getByRole('checkbox');
  await expect(people(ana)).toHaveCount(2);
  const forYou = (page: Page) => page.getByRole('list', { name: 'For you' }).getByRole('listitem');

  const report = await samples.file('report.bin', 700_000);
  await ana.getByLabel('Files to send').setInputFiles(report.path);
  await ana.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(ana.getByRole('list', { name: 'Sent' })).toContainText('report.bin sent');
  await expect(forYou(cleo)).toHaveCount(1);
  const saved = ben.waitForEvent('download');
  await ben.getByRole('button', { name: 'Save report.bin' }).click();
  expect(await sha256(await (await saved).path())).toBe(report.sha256);
  await expect(forYou(ben)).toContainText('saved');

  const note = await samples.file('note.txt', 90);
  await ana.getByRole('checkbox', { name: 'Ben' }).check();
  await ana.getByLabel('Files to send').setInputFiles(note.path);
  await ana.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(forYou(ben)).toHaveCount(2);
  await expect(forYou(cleo)).toHaveCount(1);
});

/** Saves a file in the panel, and checks its bytes. */
async function expectSaved(page: Page, file: Sample): Promise<void> {
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: `Save ${file.name}` }).click();
  expect(await sha256(await (await saved).path())).toBe(file.sha256);
}

/** Drops a file where the page has an element. */
async function drop(page: Page, selector: string, file: Sample): Promise<void> {
  const bytes = await readFile(file.path, 'base64');
  const data = await page.evaluateHandle(
    ([name, content]) => {
      const transfer = new DataTransfer();
      const body = Uint8Array.from(atob(content as string), (char) => char.charCodeAt(0));
      transfer.items.add(new File([body], name as string));
      return transfer;
    },
    [file.name, bytes],
  );
  for (const type of ['dragover', 'drop']) await page.dispatchEvent(selector, type, { dataTransfer: data });
}

for (const [title, folder] of [
  ['one HTML file', 'examples/plain-html'],
  ['React', 'examples/react/dist'],
] as const) {
  test(`a call in ${title}: shared with all, saved, dropped on a person, left`, async ({ browser, start, samples }) => {
    if (title === 'React')
      await promisify(execFile)('npm', ['run', 'build', '--workspace', 'examples/react'], { cwd: repository });
    const { url } = await start(folder);
    const [ana, ben, cleo] = (await Promise.all(
      ['Ana', 'Ben', 'Cleo'].map((name) => enter(browser, url, name, 'Join the call')),
    )) as [Page, Page, Page];
    await expect(ana.locator('figure')).toHaveCount(3);
    const slides = await samples.file('slides.bin', 600_000);
    await ana.getByTestId('file-input').setInputFiles(slides.path);
    await expectSaved(ben, slides);

    const note = await samples.file('note.bin', 900);
    await drop(ana, 'figure:has-text("Ben")', note);
    await expectSaved(ben, note);
    await expect(card(cleo, 'slides.bin')).toBeVisible();
    await expect(card(cleo, 'note.bin')).toHaveCount(0);

    await cleo.getByRole('button', { name: 'Leave' }).click();
    await expect(cleo.getByLabel('Your name')).toBeVisible();
    await expect(ana.locator('figure')).toHaveCount(2);
  });
}
