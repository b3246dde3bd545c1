import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { card, choose, join, person, save } from '../harness/page.js';
import { BackEnd } from '../harness/room.js';
import { download, heardOf, joinBySdk, receipts, share } from '../harness/sdk.js';
import { HandoutServer } from '../harness/server.js';
import { expect, test } from '../harness/test.js';

/** One recipient in the list of who has a file. */
const receipt = (page: Page, file: string, name: string) =>
  card(page, file).locator(`[data-testid=receipt][data-name="${name}"]`);

test('on the page the sender sees who has a file, from seen to received, late joiners included', async ({
  browser,
  handout,
  network,
  samples,
}) => {
  const ana = await join(browser, handout.origin, 'ledger', 'Ana');
  const ben = await join(browser, network.origin, 'ledger', 'Ben');
  const cleo = await join(browser, handout.origin, 'ledger', 'Cleo');
  await expect(person(ana, 'Cleo')).toBeVisible();
  const film = await samples.file('film.mp4', 30_000_000);
  await choose(ana, film);
  const summary = card(ana, 'film.mp4').getByTestId('receipts-summary');
  await expect(summary).toHaveAccessibleName('Seen by 2 of 2 film.mp4');
  await summary.click();
  const state = (name: string) => expect(receipt(ana, 'film.mp4', name));
  await state('Ben').toHaveAttribute('data-state', 'seen');

  const late = await join(browser, network.origin, 'ledger', 'Late');
  await state('Late').toHaveAttribute('data-state', 'seen');
  await card(cleo, 'film.mp4').getByRole('button', { name: 'Not for me' }).click();
  await state('Cleo').toHaveAttribute('data-state', 'declined');
  await expect(card(cleo, 'film.mp4')).toHaveAttribute('data-state', 'declined');

  network.bytesPerSecond = 5_000_000; // more than what lies on the way, also behind a balancer, takes some seconds
  const saved = save(ben, film);
  await state('Ben').toHaveAttribute('data-state', 'downloading');
  const bar = receipt(ana, 'film.mp4', 'Ben').getByRole('progressbar');
  await expect.poll(async () => Number(await bar.getAttribute('aria-valuenow'))).toBeGreaterThan(10);
  await card(late, 'film.mp4').getByRole('button', { name: 'Save film.mp4' }).click();
  await state('Late').toHaveAttribute('data-state', 'downloading');
  await card(late, 'film.mp4').getByRole('button', { name: 'Cancel film.mp4' }).click();
  await state('Late').toHaveAttribute('data-state', 'cancelled');
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await saved;
  await state('Ben').toHaveAttribute('data-state', 'received');

  await save(late, film);
  await state('Late').toHaveAttribute('data-state', 'received');
  await late.getByRole('button', { name: 'Leave room' }).click();
  await expect(person(ana, 'Late')).toHaveCount(0);
  await state('Late').toHaveAttribute('data-state', 'received');
  await expect(summary).toHaveAccessibleName('2 of 3 have it film.mp4');
  await save(cleo, film); // after all
  await expect(summary).toHaveAccessibleName('Everyone has it film.mp4');
});

test('through the SDK receipts go from offered to received, and outlive the server and the page', async ({
  browser,
}) => {
  const data = await mkdtemp(path.join(tmpdir(), 'handout-receipts-'));
  let server = await HandoutServer.start([], data);
  const { origin } = server;
  const backEnd = await BackEnd.create(origin);
  const anasToken = await backEnd.token('Ana');
  const ana = await joinBySdk(browser, origin, anasToken);
  const ben = await joinBySdk(browser, origin, await backEnd.token('Ben'));
  const cleo = await joinBySdk(browser, origin, await backEnd.token('Cleo'));
  const id = await share(ana, 'a.bin', 300_000);
  const ledger = (page = ana) => expect.poll(() => receipts(page, id), { timeout: 30_000 });
  await ledger().toEqual(['Ben: offered', 'Cleo: offered']);

  await expect.poll(() => ben.evaluate((share) => window.room.files.has(share), id)).toBe(true);
  await ben.evaluate((share) => window.room.files.get(share).markSeen(), id);
  await ledger().toEqual(['Ben: seen', 'Cleo: offered']);
  expect(await download(ben, id)).toBe('completed');
  await ledger().toEqual(['Ben: received', 'Cleo: offered']);
  expect(await heardOf(ana, 'Ben')).toEqual(['seen', 'downloading', 'received']);
  expect(await receipts(ben, id)).toEqual([]); // what others do is the sender's to know

  await cleo.route('**/content', (route) => route.fulfill({ body: Buffer.alloc(300_000, 1) }));
  expect(await download(cleo, id)).toBe('hash-mismatch');
  await ledger().toEqual(['Ben: received', 'Cleo: failed']);
  await cleo.unroute('**/content');

  await server.stop('SIGKILL');
  server = await HandoutServer.start([], data, new URL(origin).host);
  await ana.waitForFunction(() => window.room.state.kind === 'connected');
  const dora = await joinBySdk(browser, origin, await backEnd.token('Dora'));
  await ledger().toEqual(['Ben: received', 'Cleo: failed', 'Dora: offered']);
  await expect.poll(() => dora.evaluate((share) => window.room.files.has(share), id)).toBe(true);
  await dora.evaluate((share) => window.room.files.get(share).decline(), id);
  expect(await download(cleo, id)).toBe('completed');
  const all = ['Ben: received', 'Cleo: received', 'Dora: declined'];
  await ledger().toEqual(all);

  const again = await joinBySdk(browser, origin, anasToken); // the same participant in another window
  await ledger(again).toEqual(all);
  const response = await fetch(`${origin}/v1/rooms/${backEnd.room}/shares/${id}/receipts`, {
    headers: { Authorization: `Basic ${Buffer.from('dev:devkey').toString('base64')}` },
  });
  const told = (await response.json()) as { receipts: { name: string; state: string }[] };
  expect(told.receipts.map(({ name, state }) => `${name}: ${state}`).sort()).toEqual(all);

  for (const page of [ana, ben, cleo, dora, again]) await page.context().close();
  await server.dispose();
  await rm(data, { recursive: true, force: true });
});

test('an application of the EnxRoom API gives receipts without knowing of them', async ({
  browser,
  network,
  backEnd,
  participant,
}) => {
  const ana = await joinBySdk(browser, network.origin, await backEnd.token('Ana'));
  const ben = await participant('Ben');
  const id = await share(ana, 'big.bin', 8_000_000);
  const ledger = () => expect.poll(() => receipts(ana, id), { timeout: 30_000 });
  await ben.heard('download-available');
  await ledger().toEqual(['Ben: offered']);
  network.bytesPerSecond = 1_000_000;
  await ben.receive(0, { isMobile: true });
  await ledger().toEqual(['Ben: downloading']);
  await ben.cancelDownloads(true);
  await ledger().toEqual(['Ben: cancelled']);
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await ben.receive(0, { isMobile: true });
  await ben.heard('recv-callback');
  await ledger().toEqual(['Ben: received']);
  await ana.context().close();
});
