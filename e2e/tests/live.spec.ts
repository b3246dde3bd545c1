import { App } from '../harness/app.js';
import { Network } from '../harness/network.js';
import { card, choose, join, percent, save } from '../harness/page.js';
import { expect, test } from '../harness/test.js';

const slow = 2_000_000; // bytes per second

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
});

test('recvFiles follows an upload by its share id, over a cut of its sender and one of its own', async ({
  participant,
  samples,
  network,
  appHost,
  backEnd,
  browser,
  handout,
}) => {
  const reconnect = { allow_reconnect: true, number_of_attempts: 50, timeout_interval: 500 };
  const ana = await participant('Ana', { reconnect });
  const bens = await Network.start(handout.origin);
  const context = await browser.newContext();
  const ben = await App.join(context, appHost.url(bens.origin), await backEnd.token('Ben'), 'Ben', reconnect);
  const big = await samples.file('big.bin', 12_000_000);
  network.bytesPerSecond = slow;
  await ana.send([big.path], {});
  const [started] = await ben.heard('fs-upload-started');
  await ben.receive(started?.detail.message.files[0].shareId, { isMobile: true });
  await ben.heard('download-progress', 2);
  network.cut();
  await ana.heard('network-disconnected');
  network.mend();
  await ana.heard('network-reconnected');
  await ben.heard('download-progress', 4);
  bens.cut();
  await ben.heard('network-disconnected');
  bens.mend();
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await ben.heard('recv-callback');
  expect(await ben.digest('big.bin')).toBe(big.sha256);
  expect(await ben.journal('download-started')).toHaveLength(1);
  expect(await ben.journal('download-completed')).toHaveLength(1);
  await context.close();
  await bens.dispose();
});

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
