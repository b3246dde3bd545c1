import { expect, test } from '../harness/test.js';

const reconnect = { allow_reconnect: true, number_of_attempts: 50, timeout_interval: 500 };
const slow = 3_000_000; // bytes per second

test('an upload goes on where it was after the network was lost', async ({ participant, samples, network }) => {
  const [ana, ben] = [await participant('Ana', { reconnect }), await participant('Ben', { reconnect })];
  const big = await samples.file('big.bin', 12_000_000);
  network.bytesPerSecond = slow;
  await ana.send([big.path], {});
  for (let cuts = 1; cuts <= 2; cuts++) {
    await ana.heard('upload-progress', cuts * 3);
    network.cut();
    await ana.heard('network-disconnected', cuts);
    network.mend();
    await ana.heard('network-reconnected', cuts);
  }
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await ana.heard('send-callback');
  expect(await ana.journal('upload-started')).toHaveLength(1);
  expect(await ana.journal('upload-completed')).toHaveLength(1);
  await ben.heard('download-available');
  expect(await ben.available()).toHaveLength(1);
  await ben.receive(0, { isMobile: true });
  await ben.heard('recv-callback');
  expect(await ben.digest('big.bin')).toBe(big.sha256);
});

test('a download goes on where it was after the network was lost', async ({ participant, samples, network }) => {
  const [ana, ben] = [await participant('Ana', { reconnect }), await participant('Ben', { reconnect })];
  const big = await samples.file('big.bin', 12_000_000);
  await ana.send([big.path], {});
  await ben.heard('download-available');
  network.bytesPerSecond = slow;
  const ranges: string[] = [];
  ben.page.on('request', (request) => {
    if (request.url().includes('/content')) ranges.push(request.headers().range ?? '');
  });
  await ben.receive(0, { isMobile: true });
  await ben.heard('download-progress', 3);
  network.cut();
  await ben.heard('network-disconnected');
  network.mend();
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await ben.heard('recv-callback');
  expect(await ben.journal('download-started')).toHaveLength(1);
  expect(await ben.journal('download-completed')).toHaveLength(1);
  expect(await ben.digest('big.bin')).toBe(big.sha256);
  expect(ranges.filter((range) => range === '')).toHaveLength(1);
  expect(ranges.filter((range) => /^bytes=[1-9]\d*-$/.test(range)).length).toBeGreaterThan(0);
});

test('after a reload the re-picked file goes on at its offset', async ({
  participant,
  samples,
  network,
  appHost,
  handout,
}) => {
  const [ana, ben] = [await participant('Ana'), await participant('Ben')];
  const big = await samples.file('big.bin', 12_000_000);
  network.bytesPerSecond = slow;
  await ana.send([big.path], {});
  await ana.heard('upload-progress', 5);
  await ana.page.goto(appHost.url(network.origin)); // the page is gone, and its upload with it
  await ana.join();
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  const appends: number[] = [];
  ana.page.on('request', (request) => {
    if (request.method() === 'PATCH') appends.push(Number(request.headers()['upload-offset']));
  });
  await ana.send([big.path], {});
  await ana.heard('send-callback');
  expect(appends[0]).toBeGreaterThan(0);
  await ben.heard('download-available');
  const list = await fetch(`${handout.origin}/v1/rooms/${await ben.page.evaluate(() => window.room.roomID)}/shares`, {
    headers: { Authorization: `Bearer ${ben.token}` },
  });
  expect(((await list.json()) as { shares: unknown[] }).shares).toHaveLength(1); // one creation
  await ben.receive(0, { isMobile: true });
  await ben.heard('recv-callback');
  expect(await ben.digest('big.bin')).toBe(big.sha256);
});

test('a second window with the same token replaces the first', async ({ participant, browser, appHost, network }) => {
  const [ana, ben] = [await participant('Ana'), await participant('Ben')];
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(appHost.url(network.origin));
  await page.evaluate((token) => window.join(token), ana.token);
  const [left] = await ana.heard('room-disconnected');
  expect(left?.detail.message.cause.cause).toBe(2002);
  expect(await page.evaluate(() => window.room.clientId)).toBe(await ana.clientId());
  expect(await ben.journal('user-disconnected')).toEqual([]); // nobody left
  await context.close();
});
