import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SyncSink } from './sync-sink.js';
import { FakeDisk } from './testing/disk.js';

const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

let disk: FakeDisk;

beforeEach(async () => {
  disk = new FakeDisk();
  vi.stubGlobal('navigator', { storage: { getDirectory: async () => disk.root } });
  await (await disk.root.getDirectoryHandle('handout')).getDirectoryHandle('page');
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
    expect(disk.files()).toEqual([]);
  });

  it('leaves nothing of what was thrown away', async () => {
    const sink = await open(5);
    await sink.write(bytes('he'));
    await sink.discard();
    expect(disk.files()).toEqual([]);
  });

  it('is not there where the browser cannot', async () => {
    disk.sync = false;
    expect(await SyncSink.create('page', 5)).toBeUndefined();
    expect(disk.files()).toEqual([]);
  });
});
