import type { BrowserContext, Download, Page } from '@playwright/test';
import type { Sample } from '../harness/files.js';
import { sha256 } from '../harness/files.js';
import { Network } from '../harness/network.js';
import { card, choose, person } from '../harness/page.js';
import { Profile } from '../harness/profile.js';
import { test as base, expect } from '../harness/test.js';

const slow = 3_000_000; // bytes per second

/** The room page by a link, as an application's back end gives it: whoever opens it again is the same one. */
async function open(page: Page, origin: string, token: string, name: string): Promise<Page> {
  await page.goto(`${origin}/#token=${token}`);
  await expect(person(page, name)).toBeVisible();
  return page;
}

/** Ana is in the room. Ben has a network of his own, and a browser that can be killed. */
const test = base.extend<{
  bens: Network;
  killable: Profile;
  ana: Page;
  /** Opens the page as Ben, in a new tab or in one that waits for something. */
  asBen: (where: BrowserContext | Page) => Promise<Page>;
}>({
  bens: async ({ handout }, use) => {
    const network = await Network.start(handout.origin);
    await use(network);
    await network.dispose();
  },
  killable: async ({ playwright, launchOptions }, use) => {
    const profile = await Profile.create(playwright.chromium, launchOptions);
    await use(profile);
    await profile.dispose();
  },
  ana: async ({ browser, network, backEnd }, use) => {
    const page = await (await browser.newContext()).newPage();
    await use(await open(page, network.origin, await backEnd.token('Ana'), 'Ana'));
  },
  asBen: async ({ bens, backEnd }, use) => {
    const token = await backEnd.token('Ben', 'participant', bens.origin);
    await use(async (where) => open('newPage' in where ? await where.newPage() : where, bens.origin, token, 'Ben'));
  },
});

/** The bytes that the page shows to be there, once they are more than some part of all. */
async function over(page: Page, file: Sample, share: number): Promise<number> {
  const bar = card(page, file.name).getByRole('progressbar');
  const percent = async () => Number(await bar.getAttribute('aria-valuenow'));
  await expect.poll(percent, { intervals: [20] }).toBeGreaterThan(share * 100);
  return (file.size * ((await percent()) - 1)) / 100;
}

async function expectSaved(page: Page, file: Sample, saving: Promise<Download>): Promise<void> {
  const download = await saving;
  expect(download.suggestedFilename()).toBe(file.name);
  expect(await sha256(await download.path())).toBe(file.sha256);
  await expect(card(page, file.name)).toHaveAttribute('data-state', 'saved');
}

test('a save goes on by itself after a reload, also of what is still being sent, and once', async ({
  ana,
  asBen,
  killable,
  network,
  bens,
  samples,
}) => {
  const ben = await asBen(await killable.start());
  const film = await samples.file('film.mp4', 8_000_000);
  network.bytesPerSecond = slow;
  await choose(ana, film);
  await card(ben, film.name)
    .getByRole('button', { name: `Save ${film.name}` })
    .click();
  const before = await over(ben, film, 0.2);

  const saving = ben.waitForEvent('download');
  await ben.reload();
  await expect(card(ben, film.name)).toHaveAttribute('data-state', 'downloading');
  await expect(card(ana, film.name)).toHaveAttribute('data-state', 'uploading');
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await expectSaved(ben, film, saving);
  expect(bens.asked).toHaveLength(2);
  expect(bens.asked[1]).toBeGreaterThanOrEqual(before);

  await ben.reload();
  await expect(card(ben, film.name)).toHaveAttribute('data-state', 'available');
  expect(bens.asked).toHaveLength(2);
});

test('recvFiles goes on after a reload: the application hears of it as ever, and can join it', async ({
  participant,
  network,
  samples,
}) => {
  const [ana, ben] = [await participant('Ana'), await participant('Ben')];
  const big = await samples.file('big.bin', 8_000_000);
  await ana.send([big.path], {});
  await ben.heard('download-available');
  network.bytesPerSecond = slow;
  await ben.receive(0, { isMobile: true });
  const told = await ben.heard('download-progress', 3);
  const before = Math.max(...told.map(({ detail }) => detail.response.downloadInfo.transferred));

  await ben.page.reload();
  await ben.join();
  const [started] = await ben.heard('download-started');
  expect(started?.detail.response.downloadInfo).toMatchObject({ name: 'big.bin', size: big.size });
  await ben.heard('download-available');
  await ben.receive(0, { isMobile: true });
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await ben.heard('recv-callback');
  expect(await ben.digest('big.bin')).toBe(big.sha256);
  expect(await ben.journal('download-started')).toHaveLength(1);
  expect(await ben.journal('download-completed')).toHaveLength(1);
  expect(network.asked).toHaveLength(2);
  expect(network.asked[1]).toBeGreaterThanOrEqual(before);
});

test('a download that another tab of the participant has begun is taken over, not made twice', async ({
  ana,
  asBen,
  killable,
  bens,
  samples,
}) => {
  const context = await killable.start();
  const first = await asBen(context);
  const film = await samples.file('film.mp4', 8_000_000);
  await choose(ana, film);
  bens.bytesPerSecond = slow;
  await card(first, film.name)
    .getByRole('button', { name: `Save ${film.name}` })
    .click();
  const before = await over(first, film, 0.2);

  const second = await context.newPage();
  const saving = second.waitForEvent('download');
  await asBen(second);
  await expect(card(second, film.name)).toHaveAttribute('data-state', 'downloading');
  bens.bytesPerSecond = Number.POSITIVE_INFINITY;
  await expectSaved(second, film, saving);
  expect(bens.asked).toHaveLength(2);
  expect(bens.asked[1]).toBeGreaterThanOrEqual(before);
});

test('after kill -9 of the browser a download goes on by itself, and an upload when its file is picked again', async ({
  ana,
  asBen,
  killable,
  bens,
  samples,
}) => {
  let ben = await asBen(await killable.start());
  const [film, notes] = [await samples.file('film.mp4', 8_000_000), await samples.file('notes.bin', 8_000_000)];
  await choose(ana, film);
  bens.bytesPerSecond = slow / 3;
  await card(ben, film.name)
    .getByRole('button', { name: `Save ${film.name}` })
    .click();
  await choose(ben, notes);
  await expect.poll(() => killable.hasStored(notes.name)).toBe(true);
  const before = await over(ben, film, 0.2);
  await killable.kill();

  ben = await (await killable.start()).newPage();
  const saving = ben.waitForEvent('download');
  await asBen(ben);
  await expect(card(ben, film.name)).toHaveAttribute('data-state', 'downloading');
  await expect(card(ben, notes.name)).toHaveAttribute('data-state', 'needs-file');
  await choose(ben, notes);
  bens.bytesPerSecond = Number.POSITIVE_INFINITY;
  await expectSaved(ben, film, saving);
  expect(bens.asked).toHaveLength(2);
  expect(bens.asked[1]).toBeGreaterThanOrEqual(before);

  await expect(card(ana, notes.name)).toHaveCount(1); // one creation
  const received = ana.waitForEvent('download');
  await card(ana, notes.name)
    .getByRole('button', { name: `Save ${notes.name}` })
    .click();
  await expectSaved(ana, notes, received);
});
