import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Files } from './files.js';
import { base64 } from './http.js';
import { ResumeRecords } from './resume.js';
import { Waker } from './retry.js';
import { snapshot } from './source.js';
import { noActions } from './testing/actions.js';
import { LIMITS, share } from './testing/records.js';
import { FakeServer } from './testing/server.js';
import type { MakeThumbnail, Upload } from './upload.js';
import { Uploads } from './uploads.js';

let server: FakeServer;
let uploads: Uploads;

beforeEach(() => {
  server = new FakeServer();
  const files = new Files('ana', noActions, {
    added: (added) => uploads.fileAdded(added),
    changed: (changed) => uploads.fileChanged(changed),
    offered: () => undefined,
  });
  uploads = new Uploads({
    api: server,
    files,
    records: new ResumeRecords({ storage: undefined, room: 'rm', participant: 'ana', maxAgeMs: 1e6 }),
    limits: () => ({ ...LIMITS, filesPerRequest: 100, openUploads: 100 }),
    changed: () => undefined,
    send: async ({ url, blob }) => server.receive(url.split('/').pop() ?? '', blob.size),
    waker: new Waker({ sleep: () => new Promise((resolve) => setImmediate(resolve)), random: () => 0 }),
    create: (creation) => server.create(creation),
  });
});

const SMALL = 3;
const LARGE = 300 * 1024;
const file = (name: string, size: number) => new File(['x'.repeat(size)], name, { lastModified: 7 });
const picture = (bytes: number) => new Blob(['p'.repeat(bytes)], { type: 'image/webp' });
const send = (thumbnail: MakeThumbnail, ...files: File[]): Upload[] =>
  uploads.add(snapshot(files), 'room', 'auto', thumbnail);
const ended = (sent: Upload[]) => Promise.all(sent.map((upload) => upload.done));
const requests = (name: string) => server.log.filter((line) => line.startsWith(name));

describe('thumbnails', () => {
  it.each([
    ['a small file with a small one goes in one request', SMALL, 4200, ['create']],
    ['a small file with a large one is offered first', SMALL, 4201, ['offer']],
    ['a large file is offered', LARGE, 16384, ['offer']],
  ])('%s', async (_, size, bytes, asked) => {
    const make = vi.fn(async () => picture(bytes));
    await ended(send(make, file('a.png', size)));
    expect(make).toHaveBeenCalledTimes(1);
    expect([...server.thumbnails.values()]).toEqual([base64(new TextEncoder().encode('p'.repeat(bytes)))]);
    const made = server.log.filter((line) => /^(create|offer)/.test(line)).map((line) => line.split(' ')[0]);
    expect(made).toEqual(asked);
  });

  it.each<[string, MakeThumbnail]>([
    ['that is none', async () => undefined],
    ['that fails', () => Promise.reject(new Error('no picture'))],
    [
      'that throws',
      () => {
        throw new Error('no picture');
      },
    ],
    ['that is too large', async () => picture(16385)],
  ])('does not wait for one %s', async (_, make) => {
    await ended(send(make, file('a', SMALL), file('b', LARGE)));
    expect(server.shares.size).toBe(2);
    expect(server.thumbnails.size).toBe(0);
  });

  it('goes without one that takes too long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const sent = send(() => new Promise(() => undefined), file('a', SMALL), file('b', LARGE));
      await vi.advanceTimersByTimeAsync(5_000);
      await ended(sent);
      expect(server.thumbnails.size).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('are as many in one request as fit into it, and made when their turn comes', async () => {
    let making = 0;
    let most = 0;
    const make = async () => {
      most = Math.max(most, ++making);
      await new Promise((resolve) => setImmediate(resolve));
      making--;
      return picture(16384);
    };
    await ended(send(make, ...Array.from({ length: 20 }, (_, i) => file(`${i}`, LARGE))));
    expect(requests('offer').map((line) => line.split(',').length)).toEqual([8, 8, 4]);
    expect(most).toBeLessThanOrEqual(8);
    expect(server.thumbnails.size).toBe(20);
  });

  it('are asked of the server once, and again when that failed', async () => {
    const thumbnail = vi.fn(async () => picture(1));
    const files = new Files('ana', { ...noActions, thumbnail }, { added() {}, changed() {}, offered() {} });
    files.apply([share({ id: 'with', thumbnail: true, path: 'photos' }), share({ id: 'without' })]);
    const [shown, plain] = [...files.byId.values()];
    thumbnail.mockRejectedValueOnce(new Error('the network'));
    expect(await shown?.thumbnail()).toBeUndefined();
    expect((await shown?.thumbnail())?.size).toBe(1);
    expect(await shown?.thumbnail()).toBe(await shown?.thumbnail());
    expect(await plain?.thumbnail()).toBeUndefined();
    expect(thumbnail).toHaveBeenCalledTimes(2);
    expect([shown?.path, shown?.hasThumbnail, plain?.path, plain?.hasThumbnail]).toEqual(['photos', true, '', false]);
    files.apply([share({ id: 'with', rev: 2, state: 'revoked' })]);
    expect([shown?.hasThumbnail, await shown?.thumbnail()]).toEqual([false, undefined]);
  });
});
