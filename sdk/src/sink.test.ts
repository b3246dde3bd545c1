import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeDisk, FakeLocks } from './testing/disk.js';

/** The module keeps the page's folder: each page of a test loads it anew. */
async function page() {
  vi.resetModules();
  const { folderFor } = await import('./page-folder.js');
  const { BlobSink, sinkIn } = await import('./sink.js');
  return { BlobSink, openSink: async (size: number) => sinkIn(await folderFor(size)) };
}

const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

afterEach(() => vi.unstubAllGlobals());

describe('without a file system', () => {
  beforeEach(() => vi.stubGlobal('navigator', {}));

  it('collects the bytes in blobs', async () => {
    const sink = await (await page()).openSink(10);
    const big = new Uint8Array(5 << 20).fill(120);
    await sink.write(big);
    await sink.write(bytes('yz'));
    const file = await sink.finish('a.bin', 'text/plain');
    expect([file.name, file.type, file.size]).toEqual(['a.bin', 'text/plain', big.length + 2]);
    expect(await file.slice(-3).text()).toBe('xyz');
  });

  it('starts over', async () => {
    const sink = await (await page()).openSink(10);
    await sink.write(bytes('wrong'));
    await sink.restart();
    await sink.write(bytes('right'));
    expect(await (await sink.finish('a', '')).text()).toBe('right');
  });

  it('is done with a piece when it says so', async () => {
    const sink = await (await page()).openSink(10);
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
    const sink = await (await page()).openSink(10);
    const big = new Uint8Array((1 << 20) + 3).fill(120);
    await sink.write(big);
    expect(disk.writes).toEqual([1 << 20]);
    const file = await sink.finish('a.bin', 'text/plain');
    expect([file.name, file.type, file.size]).toEqual(['a.bin', 'text/plain', big.length]);
    expect(disk.writes).toEqual([1 << 20, 3]);
  });

  it('starts over', async () => {
    const sink = await (await page()).openSink(10);
    await sink.write(new Uint8Array(1 << 20).fill(1));
    await sink.write(bytes('rest'));
    await sink.restart();
    await sink.write(bytes('right'));
    expect(await (await sink.finish('a', '')).text()).toBe('right');
  });

  it('leaves nothing of what was thrown away', async () => {
    const sink = await (await page()).openSink(10);
    await sink.write(bytes('secret'));
    await sink.discard();
    expect(disk.files()).toEqual([]);
  });

  it('tells a full disk', async () => {
    const sink = await (await page()).openSink(10);
    disk.full = true;
    await expect(sink.write(new Uint8Array(1 << 20))).rejects.toMatchObject({ code: 'no-space' });
    const other = await (await page()).openSink(10);
    disk.full = false;
    disk.broken = true;
    await other.write(bytes('x'));
    await expect(other.finish('a', '')).rejects.toMatchObject({ code: 'internal' });
  });

  it('removes what dead pages left, and nothing of those that live', async () => {
    const dead = await (await page()).openSink(10);
    await dead.write(bytes('dead'));
    locks.killPages();
    const alive = await (await page()).openSink(10);
    await alive.write(bytes('alive'));
    expect(disk.folders()).toHaveLength(1);
    await (await page()).openSink(10);
    expect(disk.folders()).toHaveLength(2);
    expect(await (await alive.finish('a', '')).text()).toBe('alive');
  });

  it('falls back where the folder has no room for the file, as in a private window', async () => {
    const storage = { getDirectory: async () => disk.root, estimate: async () => estimate };
    let estimate: StorageEstimate = { quota: 100, usage: 91 };
    vi.stubGlobal('navigator', { storage, locks });
    const { BlobSink, openSink } = await page();
    expect(await openSink(10)).toBeInstanceOf(BlobSink);
    estimate = { quota: 100, usage: 80 };
    expect(await openSink(10)).not.toBeInstanceOf(BlobSink);
  });

  it('falls back where the browser forbids the folder', async () => {
    vi.stubGlobal('navigator', {
      storage: { getDirectory: async () => Promise.reject(new DOMException('no', 'SecurityError')) },
      locks,
    });
    const { BlobSink, openSink } = await page();
    expect(await openSink(10)).toBeInstanceOf(BlobSink);
  });
});
