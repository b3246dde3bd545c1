import type { Browser, Page } from '@playwright/test';
import { Example } from '../harness/example.js';
import { sha256 } from '../harness/files.js';
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
