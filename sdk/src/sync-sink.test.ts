import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SyncSink } from './sync-sink.js';
import { FakeDisk } from './testing/disk.js';

const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

let disk: FakeDisk;

beforeEach(async () => {
  disk = new FakeDisk();
  vi.stubGlobal('navigator', { storage: { getDirectory: async () => disk.root } });
  await (await disk.root.getDirectoryHandle('handout', { create: true })).getDirectoryHandle('page', {
    create: true,
  });
});
afterEach(() => vi.unstubAllGlobals());

async function open(size: number): Promise<SyncSink> {
  const sink = await SyncSink.create('page', size);
  if (sink === undefined) throw new Error('there is no sink');
  return sink;
}

describe('a file that is written without a message', () => {
  it('has what was written, under its name', async () => {
    const sink = await open(5);
    await sink.write(bytes('he'));
    await sink.write(bytes('llo'));
    const file = await sink.finish('a.txt', 'text/plain');
    expect([file.name, file.type, await file.text()]).toEqual(['a.txt', 'text/plain', 'hello']);
  });

  it('goes on where a short write ended', async () => {
    const sink = await open(5);
    disk.writable = 2;
    await sink.write(bytes('hello'));
    expect(disk.writes).toEqual([2, 2, 1]);
    expect(await (await sink.finish('a', '')).text()).toBe('hello');
  });

  it('starts over, with fewer bytes or more', async () => {
    for (const [reserved, text] of [
      [8, 'right'],
      [2, 'a longer one'],
    ] as const) {
      const sink = await open(reserved);
      await sink.write(bytes('wrong'));
      await sink.restart();
      await sink.write(bytes(text));
      expect(await (await sink.finish('a', '')).text()).toBe(text);
    }
  });

  it('tells a full disk, before the first byte or in the middle', async () => {
    const sink = await open(5);
    disk.full = true;
    await expect(sink.write(bytes('hello'))).rejects.toMatchObject({ code: 'no-space' });
    disk.full = false;
    disk.writable = 0;
    await expect(sink.write(bytes('hello'))).rejects.toMatchObject({ code: 'no-space' });
    await sink.discard();
    disk.full = true;
    await expect(SyncSink.create('page', 5)).rejects.toMatchObject({ code: 'no-space' });
  });

  it('goes on behind what a page before has written', async () => {
    await (await open(5)).write(bytes('he')); // that page was killed: nothing was closed
    const sink = await open(5);
    const kept: string[] = [];
    for await (const piece of sink.kept()) kept.push(new TextDecoder().decode(piece));
    expect(kept).toEqual(['he']);
    await sink.write(bytes('llo'));
    expect(await (await sink.finish('a', '')).text()).toBe('hello');
  });

  it('has no use for more than the file can have', async () => {
    await (await open(9)).write(bytes('too long'));
    const sink = await open(5);
    await sink.write(bytes('hello'));
    expect(await (await sink.finish('a', '')).text()).toBe('hello');
  });

  it('waits until a thread that has gone lets go of its file', async () => {
    vi.useFakeTimers();
    disk.busy = 3;
    const opening = open(5);
    await vi.advanceTimersByTimeAsync(300);
    await (await opening).write(bytes('hello'));
    vi.useRealTimers();
  });

  it('is not there where the browser cannot', async () => {
    disk.sync = false;
    expect(await SyncSink.create('page', 5)).toBeUndefined();
  });
});
