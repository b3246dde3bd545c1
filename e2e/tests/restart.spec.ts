import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { App } from '../harness/app.js';
import { Network } from '../harness/network.js';
import { BackEnd } from '../harness/room.js';
import { HandoutServer } from '../harness/server.js';
import { expect, test } from '../harness/test.js';

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`transfers go on after the server was ended by ${signal} and started again`, async ({
    browser,
    appHost,
    samples,
  }) => {
    const data = await mkdtemp(path.join(tmpdir(), 'handout-restart-'));
    let server = await HandoutServer.start([], data);
    const listen = new URL(server.origin).host;
    const network = await Network.start(server.origin);
    const backEnd = await BackEnd.create(network.origin);
    const context = await browser.newContext();
    const reconnect = { allow_reconnect: true, number_of_attempts: 100, timeout_interval: 300 };
    const join = async (name: string) =>
      App.join(context, appHost.url(network.origin), await backEnd.token(name), name, reconnect);
    const [ana, ben] = [await join('Ana'), await join('Ben')];

    const kept = await samples.file('kept.bin', 6_000_000);
    await ana.send([kept.path], {});
    await ben.heard('download-available');

    network.bytesPerSecond = 2_000_000;
    const running = await samples.file('running.bin', 8_000_000);
    await ana.send([running.path], {});
    await ben.receive(0, { isMobile: true });
    await ana.heard('upload-progress', 3);
    await ben.heard('download-progress', 2);
    await server.stop(signal);
    server = await HandoutServer.start([], data, listen);
    network.bytesPerSecond = Number.POSITIVE_INFINITY;

    await ana.heard('send-callback', 2, 60_000);
    await ben.heard('recv-callback', 1, 60_000);
    expect(await ben.digest('kept.bin')).toBe(kept.sha256);
    await ben.heard('download-available', 2);
    await ben.receive(1, { isMobile: true });
    await ben.heard('recv-callback', 2);
    expect(await ben.digest('running.bin')).toBe(running.sha256);
    expect(await ana.journal('upload-failed')).toEqual([]);
    expect(await ben.journal('download-failed')).toEqual([]);

    await context.close();
    await network.dispose();
    await server.dispose();
    await rm(data, { recursive: true, force: true });
  });
}
