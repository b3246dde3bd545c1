import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Arrival, ThreadArrival } from './arrival.js';
import { serveDownloads } from './download-worker.js';
import { HandoutError } from './errors.js';
import { FakeContent, FakeSink } from './testing/content.js';
import { FakeWorker } from './testing/port.js';
import { DownloadWorker } from './worker-arrival.js';
import { workerScript } from './worker-start.js';

const HELLO = createHash('sha256').update('hello').digest('hex');
const REQUEST = { origin: 'http://server', token: 'jwt', share: 'sh_1', size: 5, folder: undefined };

let content: FakeContent;
let sink: FakeSink;
let threads: FakeWorker;
let worker: DownloadWorker;
let heard: unknown[];

beforeEach(() => {
  content = new FakeContent();
  sink = new FakeSink();
  threads = new FakeWorker();
  heard = [];
  worker = new DownloadWorker(threads.page);
  serveDownloads(threads.worker, ({ share }) => ThreadArrival.open(content, share, sink));
});

const served = (n: number) => vi.waitFor(() => expect(content.served).toHaveLength(n), { interval: 1 });

function receive(arrival: Arrival, signal = new AbortController().signal): Promise<unknown> {
  return arrival.receive({
    size: 5,
    signal,
    running: () => heard.push('running'),
    progress: (bytes) => heard.push(bytes),
  });
}

async function serve(n: number, text: string, status = 200, headers = {}): Promise<void> {
  await served(n);
  content.at(n).reply(status, headers);
  content.at(n).push(text);
}

describe('a download in a worker', () => {
  it('brings the file, its hash and how far it is', async () => {
    const arrival = await worker.open(REQUEST);
    const receiving = receive(arrival);
    await serve(1, 'hello');
    content.at(1).end();
    expect(await receiving).toBe('over');
    expect(heard).toEqual(['running', 5]);
    expect([arrival.bytes, await arrival.hash()]).toEqual([5, HELLO]);
    const file = await arrival.finish('a.txt', 'text/plain');
    expect([file.name, file.type, await file.text()]).toEqual(['a.txt', 'text/plain', 'hello']);
  });

  it('goes on where it was', async () => {
    const arrival = await worker.open(REQUEST);
    const first = receive(arrival);
    await serve(1, 'he');
    await vi.waitFor(() => expect(sink.text).toBe('he'), { interval: 1 });
    content.at(1).cut();
    await expect(first).rejects.toMatchObject({ code: 'network' });
    expect(arrival.bytes).toBe(2);
    const second = receive(arrival);
    await serve(2, 'llo', 206, { 'Content-Range': 'bytes 2-4/5' });
    content.at(2).end();
    expect(await second).toBe('over');
    expect(content.at(2).headers).toEqual({ Range: 'bytes=2-', 'If-Range': '"sh_1"' });
    expect([sink.text, await arrival.hash()]).toEqual(['hello', HELLO]);
  });

  it('stops when it is told to, and keeps nothing', async () => {
    const stop = new AbortController();
    const arrival = await worker.open(REQUEST);
    const receiving = receive(arrival, stop.signal);
    await serve(1, 'he');
    stop.abort();
    await expect(receiving).rejects.toMatchObject({ code: 'cancelled' });
    expect(content.at(1).signal.aborted).toBe(true);
    await arrival.discard(false);
    expect(sink.state).toBe('discarded');
  });

  it('passes on what went wrong', async () => {
    const arrival = await worker.open(REQUEST);
    sink.fault = new HandoutError('no-space', 'full', { status: 507, detail: 'no room' });
    const receiving = receive(arrival);
    await serve(1, 'he');
    await expect(receiving).rejects.toMatchObject({
      code: 'no-space',
      message: 'full',
      status: 507,
      detail: 'no room',
    });
    await expect(receiving).rejects.toBeInstanceOf(HandoutError);
  });

  it('does not mix up two', async () => {
    const [one, two] = await Promise.all([worker.open(REQUEST), worker.open({ ...REQUEST, share: 'sh_2' })]);
    const first = receive(one);
    await served(1);
    const second = receive(two);
    await serve(2, 'll');
    content.at(2).end();
    expect(await second).toBe('over');
    expect([one.bytes, two.bytes]).toEqual([0, 2]);
    content.at(1).refuse('share-ended');
    await expect(first).rejects.toMatchObject({ code: 'share-ended' });
  });

  it('is over once it has finished', async () => {
    const arrival = await worker.open(REQUEST);
    await arrival.discard(false);
    await expect(arrival.hash()).rejects.toMatchObject({ code: 'internal' });
  });

  it('fails with its worker', async () => {
    const arrival = await worker.open(REQUEST);
    const receiving = receive(arrival);
    await served(1);
    worker.fail(new HandoutError('internal', 'the thread has gone'));
    await expect(receiving).rejects.toMatchObject({ code: 'internal' });
  });
});

it('a worker runs the file of the SDK, and no code of another origin than the page has', () => {
  const [server, app] = ['https://files.example', 'https://app.example'];
  expect(workerScript(`${server}/sdk/handout.js`, server, app)).toBe(`${server}/sdk/handout.js`);
  expect(workerScript(`${app}/vendor/EnxRtc.js?v=2`, server, app)).toBe(`${app}/vendor/EnxRtc.js?v=2`);
  expect(workerScript(`${server}/assets/index-1.js`, server, server)).toBe(`${server}/sdk/handout.js`);
  expect(workerScript(`${app}/assets/index-1.js`, server, app)).toBeUndefined();
  expect(workerScript(undefined, server, app)).toBeUndefined();
});
