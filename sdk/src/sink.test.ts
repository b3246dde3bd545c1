import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { folderFor } from './download-folder.js';
import { BlobSink, sinkIn } from './sink.js';
import { FakeDisk, FakeLocks } from './testing/disk.js';

const openSink = async (size: number) => sinkIn((await folderFor(size, 'a-download'))?.handle);

const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

afterEach(() => vi.unstubAllGlobals());

describe('without a file system', () => {
  beforeEach(() => vi.stubGlobal('navigator', {}));

  it('collects the bytes in blobs', async () => {
    const sink = await openSink(10);
    const big = new Uint8Array(5 << 20).fill(120);
    await sink.write(big);
    await sink.write(bytes('yz'));
    const file = await sink.finish('a.bin', 'text/plain');
    expect([file.name, file.type, file.size]).toEqual(['a.bin', 'text/plain', big.length + 2]);
    expect(await file.slice(-3).text()).toBe('xyz');
  });

  it('starts over', async () => {
    const sink = await openSink(10);
    await sink.write(bytes('wrong'));
    await sink.restart();
    await sink.write(bytes('right'));
    expect(await (await sink.finish('a', '')).text()).toBe('right');
  });

  it('is done with a piece when it says so', async () => {
    const sink = await openSink(10);
    const buffer = bytes('one');
    await sink.write(buffer);
    buffer.fill(0);
    expect(await (await sink.finish('a', '')).text()).toBe('one');
  });
});

describe('with a file system', () => {
  let disk: FakeDisk;
  let locks: FakeLocks;

  beforeEach(() => {
    disk = new FakeDisk();
    locks = new FakeLocks();
    vi.stubGlobal('navigator', { storage: { getDirectory: async () => disk.root }, locks });
    vi.stubGlobal(
      'FileSystemFileHandle',
      class {
        createWritable(): void {}
      },
    );
  });

  it('writes to a file of its own, in large pieces', async () => {
    const sink = await openSink(10);
    const big = new Uint8Array((1 << 20) + 3).fill(120);
    await sink.write(big);
    expect(disk.writes).toEqual([1 << 20]);
    const file = await sink.finish('a.bin', 'text/plain');
    expect([file.name, file.type, file.size]).toEqual(['a.bin', 'text/plain', big.length]);
    expect(disk.writes).toEqual([1 << 20, 3]);
  });

  it('starts over', async () => {
    const sink = await openSink(10);
    await sink.write(new Uint8Array(1 << 20).fill(1));
    await sink.write(bytes('rest'));
    await sink.restart();
    await sink.write(bytes('right'));
    expect(await (await sink.finish('a', '')).text()).toBe('right');
  });

  it('tells a full disk', async () => {
    const sink = await openSink(10);
    disk.full = true;
    await expect(sink.write(new Uint8Array(1 << 20))).rejects.toMatchObject({ code: 'no-space' });
    const other = await openSink(10);
    disk.full = false;
    disk.broken = true;
    await other.write(bytes('x'));
    await expect(other.finish('a', '')).rejects.toMatchObject({ code: 'internal' });
  });

  it('falls back where the folder has no room for the file, as in a private window', async () => {
    const storage = { getDirectory: async () => disk.root, estimate: async () => estimate };
    let estimate: StorageEstimate = { quota: 100, usage: 91 };
    vi.stubGlobal('navigator', { storage, locks });
    expect(await openSink(10)).toBeInstanceOf(BlobSink);
    estimate = { quota: 100, usage: 80 };
    expect(await openSink(10)).not.toBeInstanceOf(BlobSink);
  });

  it('falls back where the browser forbids the folder', async () => {
    vi.stubGlobal('navigator', {
      storage: { getDirectory: async () => Promise.reject(new DOMException('no', 'SecurityError')) },
      locks,
    });
    expect(await openSink(10)).toBeInstanceOf(BlobSink);
  });
});
