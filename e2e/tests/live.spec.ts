import { App } from '../harness/app.js';
import { Network } from '../harness/network.js';
import { card, choose, join, percent, save } from '../harness/page.js';
import { test as base, expect } from '../harness/test.js';

const slow = 2_000_000; // bytes per second
const reconnect = { allow_reconnect: true, number_of_attempts: 50, timeout_interval: 500 };

/** Ben has a network of his own. */
const test = base.extend<{ recipient: { ben: App; bens: Network } }>({
  recipient: async ({ browser, handout, appHost, backEnd }, use) => {
    const bens = await Network.start(handout.origin);
    const context = await browser.newContext();
    const token = await backEnd.token('Ben', 'participant', bens.origin);
    await use({ ben: await App.join(context, appHost.url(bens.origin), token, 'Ben', reconnect), bens });
    await context.close();
    await bens.dispose();
  },
});

test('on the page a file is saved while its sender still sends it', async ({ browser, handout, network, samples }) => {
  const ana = await join(browser, network.origin, 'live', 'Ana');
  const ben = await join(browser, handout.origin, 'live', 'Ben');
  const film = await samples.file('film.mp4', 8_000_000);
  network.bytesPerSecond = slow;
  await choose(ana, film);
  await expect(card(ben, 'film.mp4')).toHaveAttribute('data-state', 'arriving');
  await expect.poll(() => percent(ben, 'film.mp4')).toBeGreaterThan(10); // the sender's own progress
  const saved = save(ben, film);
  await expect.poll(() => percent(ben, 'film.mp4')).toBeGreaterThan(20);
  await expect(card(ana, 'film.mp4')).toHaveAttribute('data-state', 'uploading');
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await saved;
  // The page's own thread had no part in it.
  expect(ben.workers().map((worker) => worker.url())).toEqual([`${handout.origin}/sdk/handout.js`]);
});

test('on the page a save of what is still being sent ends with its cancel', async ({
  browser,
  handout,
  network,
  samples,
}) => {
  const ana = await join(browser, network.origin, 'live-cancel', 'Ana');
  const ben = await join(browser, handout.origin, 'live-cancel', 'Ben');
  const film = await samples.file('film.mp4', 8_000_000);
  network.bytesPerSecond = slow;
  await choose(ana, film);
  await card(ben, 'film.mp4').getByRole('button', { name: 'Save film.mp4' }).click();
  await expect(card(ben, 'film.mp4')).toHaveAttribute('data-state', 'downloading');
  await card(ana, 'film.mp4').getByRole('button', { name: 'Cancel film.mp4' }).click();
  await expect(card(ben, 'film.mp4')).toHaveAttribute('data-state', 'cancelled');
  await expect(card(ben, 'film.mp4').getByRole('button', { name: 'Save film.mp4' })).toHaveCount(0);
});

test('recvFiles follows an upload by its share id, over a cut of its sender and one of its own', async ({
  participant,
  samples,
  network,
  recipient,
}) => {
  const ana = await participant('Ana', { reconnect });
  const { ben, bens } = recipient;
  const big = await samples.file('big.bin', 12_000_000);
  network.bytesPerSecond = slow;
  await ana.send([big.path], {});
  const [started] = await ben.heard('fs-upload-started');
  const { shareId } = started?.detail.message.files[0] ?? {};
  await ben.receive(shareId, { isMobile: true });
  await ben.heard('download-progress', 2);
  network.cut();
  await ana.heard('network-disconnected');
  network.mend();
  await ana.heard('network-reconnected');
  expect(await ben.journal('network-disconnected')).toEqual([]);
  await ben.heard('download-progress', 4);
  bens.cut();
  await ben.heard('network-disconnected');
  bens.mend();
  // What is still being sent is not among the files that are there.
  expect(await ben.available()).toEqual([]);
  expect(await ben.journal('download-available')).toEqual([]);
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await ben.heard('recv-callback');
  expect(await ben.digest('big.bin')).toBe(big.sha256);
  expect(await ben.journal('download-started')).toHaveLength(1);
  expect(await ben.journal('download-completed')).toHaveLength(1);
  await ben.heard('download-available');
  expect(await ben.available()).toMatchObject([{ index: 0, shareId, status: 'available', size: big.size }]);
});

test('who follows an upload is never given other bytes than were sent', async ({
  participant,
  samples,
  network,
  recipient,
}) => {
  const ana = await participant('Ana');
  const { ben, bens } = recipient;
  const big = await samples.file('big.bin', 8_000_000);
  network.bytesPerSecond = slow;
  await ana.send([big.path], {});
  const [started] = await ben.heard('fs-upload-started');
  bens.corrupt = true;
  await ben.receive(started?.detail.message.files[0].shareId, { isMobile: true });
  await ben.heard('download-progress', 2);
  expect(bens.corrupt).toBe(false); // a bit was flipped
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  const [failed] = await ben.heard('download-failed');
  expect(failed?.detail).toMatchObject({ result: 1183 });
  await ben.heard('recv-error');
  expect(await ben.journal('download-completed', 'recv-callback')).toEqual([]);
  await ben.receive(0, { isMobile: true });
  await ben.heard('recv-callback');
  expect(await ben.digest('big.bin')).toBe(big.sha256);
});

/** What docs/enxroom.md asks of a policy, and the inline script of this application. */
const policy = (origin: string, worker: string) =>
  `script-src ${origin} 'wasm-unsafe-eval' 'unsafe-inline'; connect-src ${origin} ${origin.replace('http', 'ws')}; worker-src ${worker}`;

for (const [where, worker, workers] of [
  ['in a thread of its own', 'blob:', 1],
  ['where the page permits no other thread', "'none'", 0],
] as const) {
  test(`a file is received ${where}`, async ({ browser, participant, samples, network, appHost, backEnd }) => {
    const ana = await participant('Ana');
    const context = await browser.newContext();
    const url = appHost.url(network.origin, policy(network.origin, worker));
    const ben = await App.join(context, url, await backEnd.token('Ben'), 'Ben');
    const big = await samples.file('big.bin', 8_000_000);
    await ana.send([big.path], {});
    await ben.heard('download-available');
    await ben.receive(0, { isMobile: true });
    await ben.heard('recv-callback');
    expect(await ben.digest('big.bin')).toBe(big.sha256);
    expect(ben.page.workers()).toHaveLength(workers);
    await context.close();
  });
}

test('who follows an upload hears of its cancel at once', async ({ participant, samples, network }) => {
  const [ana, ben] = [await participant('Ana'), await participant('Ben')];
  const big = await samples.file('big.bin', 12_000_000);
  network.bytesPerSecond = slow;
  await ana.send([big.path], {});
  const [started] = await ben.heard('fs-upload-started');
  await ben.receive(started?.detail.message.files[0].shareId, { isMobile: true });
  await ben.heard('download-progress', 2);
  await ana.cancelUploads(1);
  const [failed] = await ben.heard('download-failed');
  expect(failed?.detail).toMatchObject({ result: 1183, desc: expect.stringContaining('by its sender') });
  await ben.heard('recv-error');
});
