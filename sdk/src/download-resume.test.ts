import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { arrivalsFrom } from './arrivals.js';
import { markFolder } from './download-folder.js';
import { Downloads } from './downloads.js';
import type { SharedFile } from './file.js';
import { Files } from './files.js';
import { Waker } from './retry.js';
import { noActions } from './testing/actions.js';
import { FakeContent } from './testing/content.js';
import { FakeDisk, FakeLocks } from './testing/disk.js';
import { share } from './testing/records.js';

const SIZE = (1 << 20) + 1; // more than stays in memory
const TEXT = 'x'.repeat(SIZE);
const offered = share({
  id: 'sh_1',
  state: 'available',
  size: SIZE,
  sha256: createHash('sha256').update(TEXT).digest('hex'),
  expiresAt: new Date(Date.now() + 60_000).toISOString(),
  rev: 2,
});

let disk: FakeDisk;
let locks: FakeLocks;
let content: FakeContent;
let room: AbortController;
let saved: File[];
let added: string[];

beforeEach(() => {
  disk = new FakeDisk();
  locks = new FakeLocks();
  content = new FakeContent();
  room = new AbortController();
  saved = [];
  added = [];
  vi.stubGlobal('navigator', { storage: { getDirectory: async () => disk.root }, locks });
  vi.stubGlobal(
    'FileSystemFileHandle',
    class {
      createWritable(): void {}
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

/** A page that is in the room, with the one file there. */
function page(): { downloads: Downloads; file: SharedFile } {
  const files = new Files('ana', noActions, { added: () => {}, changed: () => {}, offered: () => {} });
  const api = { origin: 'http://server', token: 'jwt', content: content.content, share: async () => offered };
  files.apply([offered]);
  const downloads = new Downloads({
    api,
    files,
    owner: 'rm_1.ana',
    words: { say: () => undefined, owes: () => false },
    added: (download) => added.push(download.name),
    changed: () => undefined,
    save: (file) => saved.push(file),
    open: arrivalsFrom(api),
    waker: new Waker({ sleep: () => new Promise((resolve) => setImmediate(resolve)), random: () => 0 }),
  });
  return { downloads, file: files.byId.get('sh_1') as SharedFile };
}

const served = (n: number) => vi.waitFor(() => expect(content.served).toHaveLength(n), { interval: 1 });
const settle = () => new Promise((resolve) => setTimeout(resolve));

async function serve(n: number): Promise<void> {
  await served(n);
  content.at(n).reply();
  content.at(n).push(TEXT);
  content.at(n).end();
}

describe('a download that the page before has begun', () => {
  it('is begun again as it was asked for, and is over once', async () => {
    page().downloads.save(page().file, {});
    await served(1);
    locks.killPages();
    await page().downloads.takeUp(room.signal);
    await serve(2);
    await vi.waitFor(() => expect(saved).toHaveLength(1), { interval: 1 });
    expect(await saved[0]?.text()).toBe(TEXT);
    expect(added).toHaveLength(2);
    await settle();
    locks.killPages();
    await page().downloads.takeUp(room.signal);
    await settle();
    expect(added).toHaveLength(2);
    expect(disk.folders()).toEqual([]);
  });

  it('is not saved if nobody asked for that', async () => {
    page().downloads.get(page().file, {});
    await served(1);
    locks.killPages();
    const { downloads, file } = page();
    await downloads.takeUp(room.signal);
    await served(2);
    const joined = downloads.get(file, {});
    await serve(2);
    expect(await (await joined.done).text()).toBe(TEXT);
    expect(saved).toEqual([]);
  });

  it('is let go of when it was read, but not while the browser saves it', async () => {
    const { downloads, file } = page();
    const read = downloads.get(file, {});
    await serve(1);
    await read.done;
    expect(disk.folders()).toHaveLength(1);
    read.release();
    await expect(read.done).rejects.toMatchObject({ code: 'released' });
    await settle();
    expect(disk.folders()).toEqual([]);
    const kept = downloads.save(file, {});
    await serve(2);
    await kept.done;
    kept.release();
    await settle();
    expect(await (await kept.done).text()).toBe(TEXT);
    expect(disk.folders()).toHaveLength(1);
  });

  it('waits for a page that is replaced, and goes on when that lets go', async () => {
    const first = page();
    first.downloads.get(first.file, {});
    await served(1);
    const second = page();
    await second.downloads.takeUp(room.signal);
    await settle();
    expect(added).toHaveLength(1);
    first.downloads.stop('room', true);
    await served(2);
    expect(added).toHaveLength(2);
  });

  it('is gone when it was cancelled, or the room was left', async () => {
    const first = page();
    const download = first.downloads.get(first.file, {});
    await served(1);
    download.cancel();
    await vi.waitFor(() => expect(disk.folders()).toEqual([]), { interval: 1 });
    first.downloads.get(first.file, {});
    await served(2);
    expect(disk.folders()).toHaveLength(1);
    first.downloads.stop('me');
    await vi.waitFor(() => expect(disk.folders()).toEqual([]), { interval: 1 });
  });

  it('is gone when it is cancelled or declined before its turn', async () => {
    for (const end of ['cancel', 'decline'] as const) {
      const before = content.served.length;
      page().downloads.get(page().file, {});
      await served(before + 1);
      locks.killPages();
      const { downloads, file } = page();
      if (end === 'cancel') downloads.get(file, {}).cancel();
      else downloads.decline(file);
      await vi.waitFor(() => expect(disk.folders()).toEqual([]), { interval: 1 });
    }
  });

  it('is to be saved also when that was asked for later', async () => {
    const first = page();
    first.downloads.get(first.file, {});
    await served(1);
    first.downloads.save(first.file, {});
    await vi.waitFor(() => expect(disk.files()).toContain('save'), { interval: 1 });
    locks.killPages();
    await page().downloads.takeUp(room.signal);
    await serve(2);
    await vi.waitFor(() => expect(saved).toHaveLength(1), { interval: 1 });
  });
});

it('a mark is made in a folder of this page alone', async () => {
  await markFolder('rm_1.ana.sh_9.1', 'done');
  expect(disk.folders()).toEqual([]);
});
