import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HandoutError } from './errors.js';
import { bringParts, type PartsRun, partsOf } from './parts.js';
import type { PartRecord } from './protocol.js';
import { Waker } from './retry.js';
import { Slots } from './slots.js';
import { FakeBytes, FakeServer } from './testing/server.js';

let bytes: FakeBytes;
let told: (string | number)[];
let abort: AbortController;
let streams: number;
let parts: PartRecord[];
let slots: Slots;

/** Parts of ten bytes behind the first five of a file, so much of each received. */
const cut = (...received: number[]) =>
  received.map((has, i) => ({ offset: 5 + 10 * i, size: 10, received: has, uploadUrl: `/uploads/p:${i}` }));

beforeEach(() => {
  bytes = new FakeBytes(new FakeServer());
  told = [];
  abort = new AbortController();
  streams = 2;
  slots = new Slots();
  parts = cut(0, 0, 0, 0);
});

function go(): Promise<void> {
  const run: PartsRun = {
    blob: new Blob(['x'.repeat(5 + 10 * parts.length)]),
    signal: abort.signal,
    streams: () => streams,
    progress: (n) => told.push(n),
    paused: () => told.push('paused'),
    running: () => told.push('running'),
  };
  const waker = new Waker({ sleep: () => new Promise((resolve) => setImmediate(resolve)), random: () => 0 });
  const api = { url: (path: string) => `http://server${path}`, authorization: 'Bearer jwt' };
  const done = bringParts({ api, send: bytes.send, waker, slots }, run, parts);
  done.catch(() => undefined);
  return done;
}

const sent = (n: number) => vi.waitFor(() => expect(bytes.attempts).toHaveLength(n), { interval: 1 });
const order = () => bytes.attempts.map(({ share }) => share);

describe('the number of parts', () => {
  it.each([
    [0, 1],
    [(16 << 20) - 1, 1],
    [16 << 20, 2],
    [100 << 20, 12],
    [2 ** 31, 64],
  ])('of %d bytes is %d', (size, count) => expect(partsOf(size)).toBe(count));
});

describe('parts', () => {
  it('go a few at once, the first ones first, and count together', async () => {
    const done = go();
    await sent(2);
    expect(order()).toEqual(['p:0', 'p:1']);
    expect(bytes.of('p:1').request).toMatchObject({ url: 'http://server/uploads/p:1', authorization: 'Bearer jwt' });
    expect(bytes.of('p:1').request.blob.size).toBe(10);
    bytes.of('p:1').request.progress(4);
    bytes.of('p:0').request.progress(3);
    expect(told.at(-1)).toBe(5 + 7);
    bytes.of('p:1').succeed();
    await sent(3);
    bytes.of('p:2').succeed();
    await sent(4);
    bytes.of('p:0').succeed();
    bytes.of('p:3').succeed();
    await done;
    expect(told.at(-1)).toBe(45);
    expect(order()).toEqual(['p:0', 'p:1', 'p:2', 'p:3']);
  });

  it('that are there are not sent again', async () => {
    parts = cut(10, 4, 10);
    const done = go();
    await sent(1);
    expect(told[0]).toBe(5 + 24);
    bytes.of('p:1').succeed();
    await done;
    expect(order()).toEqual(['p:1']);
  });

  it('all there are nothing to send', async () => {
    parts = cut(10, 10);
    await go();
    expect(told).toEqual([25]);
  });

  it('go on by themselves after the network was lost, which is told once it is lost for all', async () => {
    const done = go();
    await sent(2);
    told = [];
    bytes.of('p:0').fail('network');
    await sent(3);
    expect(told).toEqual(['running']);
    bytes.of('p:0').fail('network');
    bytes.of('p:1').fail('network');
    await sent(5);
    expect(told.filter((what) => what === 'paused').length).toBeGreaterThan(0);
    expect(told.at(-1)).toBe('running');
    for (const part of ['p:0', 'p:1', 'p:2', 'p:3']) {
      await vi.waitFor(() => bytes.of(part), { interval: 1 });
      bytes.of(part).succeed();
    }
    await done;
  });

  it('all end with the failure of one', async () => {
    const done = go();
    await sent(2);
    bytes.of('p:1').fail('share-ended');
    await expect(done).rejects.toMatchObject({ code: 'share-ended' });
    expect(bytes.of('p:0').request.signal.aborted).toBe(true);
    expect(bytes.attempts).toHaveLength(2);
    const free = await Promise.all([0, 1, 2, 3].map(() => slots.take(false, new AbortController().signal)));
    expect(free).toHaveLength(4); // all were given back
  });

  it('all end with a cancel', async () => {
    const done = go();
    await sent(2);
    abort.abort();
    await expect(done).rejects.toBeInstanceOf(HandoutError);
    await expect(done).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('never take more connections than the page has', async () => {
    streams = 4;
    const one = await slots.take(true, new AbortController().signal);
    const done = go();
    await sent(3);
    one();
    await sent(4);
    for (const part of ['p:0', 'p:1', 'p:2', 'p:3']) bytes.of(part).succeed();
    await done;
  });

  it('use fewer connections when fewer are wanted', async () => {
    const done = go();
    await sent(2);
    streams = 1;
    bytes.of('p:1').succeed();
    bytes.of('p:0').succeed();
    await sent(3);
    bytes.of('p:2').succeed();
    await sent(4);
    bytes.of('p:3').succeed();
    await done;
    expect(order()).toEqual(['p:0', 'p:1', 'p:2', 'p:3']);
  });
});
