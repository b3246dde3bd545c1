import { App } from '../harness/app.js';
import { BackEnd } from '../harness/room.js';
import { HandoutServer } from '../harness/server.js';
import { expect, test } from '../harness/test.js';

test('sendFiles takes a file, a blob, an array, and callbacks that are none', async ({ participant, samples }) => {
  const [ana, ben] = [await participant('Ana'), await participant('Ben')];
  const kept = await samples.file('kept.txt', 100);
  await ana.page.locator('#files').setInputFiles(kept.path);
  const ids = await ana.page.evaluate(async () => {
    const { room } = window;
    const file = (name: string) => new File([name], name, { type: 'text/plain' });
    const input = document.querySelector<HTMLInputElement>('#files');
    const seen: unknown[] = [];
    const answers = new Promise<void>((resolve) => {
      const callback = (answer: { response: { upJobId: number } }) => {
        if (seen.push(answer.response.upJobId) === 2) resolve();
      };
      room.sendFiles(file('one'), {}, callback);
      room.sendFiles(input?.files, { isMobile: true }, callback);
    });
    if (input) input.value = ''; // after the call has copied the list
    room.sendFiles([file('first'), file('second')]);
    room.sendFiles(new Blob(['blob'], { type: 'text/plain' }), { broadcast: true }, {});
    room.sendFiles([file('last')], undefined, []);
    await answers;
    return seen.sort();
  });
  expect(ids).toEqual([1, 2]);
  await ana.heard('upload-completed', 6);
  const started = (await ana.journal('upload-started')).map((entry) => entry.detail.response.uploadInfo);
  expect(started.map(({ upJobId, name }) => [upJobId, name])).toEqual([
    [1, 'one'],
    [2, 'kept.txt'],
    [3, 'first'],
    [4, 'second'],
    [5, expect.any(String)],
    [6, 'last'],
  ]);
  await ben.heard('download-available', 6);
  expect((await ben.available()).map((item) => item.index)).toEqual([0, 1, 2, 3, 4, 5]);
});

test('a second recvFiles of a running download joins it', async ({ participant, samples, network }) => {
  const [ana, ben] = [await participant('Ana'), await participant('Ben')];
  const big = await samples.file('big.bin', 4_000_000);
  await ana.send([big.path], {});
  await ben.heard('download-available');
  network.bytesPerSecond = 2_000_000;
  const saved = ben.page.waitForEvent('download');
  await ben.receive(0, { isMobile: true });
  await ben.heard('download-progress', 2);
  await ben.receive(0, { isMobile: false });
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  const callbacks = await ben.heard('recv-callback', 2);
  expect(callbacks.map((entry) => 'blob' in entry.detail.response)).toEqual([true, false]);
  expect((await saved).suggestedFilename()).toBe('big.bin');
  expect(await ben.order('download-progress', 'joined', 'fs-upload-started')).toEqual([
    'download-available',
    'recvFiles-returned',
    'download-started',
    'recvFiles-returned',
    'download-completed',
    'recv-callback',
    'recv-callback',
  ]);
});

test('progress says bytes, rate and time', async ({ participant, samples, network }) => {
  const [ana, ben] = [await participant('Ana'), await participant('Ben')];
  // Much more than what the sockets on the way take at once.
  const big = await samples.file('big.bin', 24_000_000);
  network.bytesPerSecond = 6_000_000;
  await ana.send([big.path], {});
  await ben.heard('download-available');
  await ben.receive(0, { isMobile: true });
  await ben.heard('recv-callback');
  for (const [app, name, key] of [
    [ana, 'upload-progress', 'uploadInfo'],
    [ben, 'download-progress', 'downloadInfo'],
  ] as const) {
    const told = await app.journal(name);
    expect(told.length).toBeGreaterThan(2);
    const figures = told.map((entry) => entry.detail.response[key]);
    expect(figures.at(-1)).toMatchObject({ name: 'big.bin', size: 24_000_000, rate: expect.any(Number) });
    const transferred = figures.map((figure) => figure.transferred);
    expect(transferred).toEqual([...transferred].sort((a, b) => a - b));
    expect(new Set(transferred).size).toBe(transferred.length);
  }
});

test('a file over the limit of the server is a job that fails', async ({ browser, appHost, samples }) => {
  const server = await HandoutServer.start(['--max-file-size', '1MiB']);
  const backEnd = await BackEnd.create(server.origin);
  const context = await browser.newContext();
  const join = async (name: string) => App.join(context, appHost.url(server.origin), await backEnd.token(name), name);
  const [ana, ben] = [await join('Ana'), await join('Ben')];
  await ana.send(
    [(await samples.file('big.bin', 1_048_577)).path, (await samples.file('fits.bin', 1_048_576)).path],
    {},
  );
  const [refused] = await ana.heard('send-error');
  expect(refused?.detail).toMatchObject({ result: 1187, error: 'file upload failed', upJobId: 1 });
  expect(refused?.detail.desc).toContain('1048576');
  expect((await ana.heard('upload-failed'))[0]?.detail).toMatchObject({
    result: 1185,
    response: { uploadStatus: 'failed', upJobId: 1, uploadInfo: { upJobId: 1, name: 'big.bin' } },
  });
  await ana.heard('send-callback');
  await ben.heard('download-available');
  expect((await ben.available()).map((item) => item.name)).toEqual(['fits.bin']);
  await context.close();
  await server.dispose();
});
