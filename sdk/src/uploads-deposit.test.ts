import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HandoutError } from './errors.js';
import { Files } from './files.js';
import type { Audience } from './protocol.js';
import { ResumeRecords } from './resume.js';
import { Waker } from './retry.js';
import { snapshot } from './source.js';
import { noActions } from './testing/actions.js';
import { LIMITS } from './testing/records.js';
import { FakeBytes, FakeServer } from './testing/server.js';
import type { Upload } from './upload.js';
import { Uploads } from './uploads.js';

let server: FakeServer;
let bytes: FakeBytes;
let files: Files;
let uploads: Uploads;

beforeEach(() => {
  server = new FakeServer();
  bytes = new FakeBytes(server);
  const stored = new Map<string, string>();
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  };
  files = new Files('ana', noActions, {
    added: (added) => uploads.fileAdded(added),
    changed: (changed) => uploads.fileChanged(changed),
    offered: () => undefined,
  });
  uploads = new Uploads({
    api: server,
    files,
    records: new ResumeRecords({ storage, room: 'rm', participant: 'ana', maxAgeMs: 1e6 }),
    limits: () => LIMITS,
    changed: () => undefined,
    send: bytes.send,
    waker: new Waker({ sleep: () => new Promise((resolve) => setImmediate(resolve)), random: () => 0 }),
    create: (creation) => server.create(creation),
  });
});

const file = (name: string, size = 3) => new File(['x'.repeat(size)], name, { lastModified: 7 });
const send = (to: Audience, ...sources: File[]): Upload[] => uploads.add(snapshot(sources), to);
const sendOne = (source: File): Upload => send('room', source)[0] as Upload;
const requests = (name: string) => server.log.filter((line) => line.startsWith(name)).length;
/** The next creation is made, something happens, and its reply does not come. */
const loseReply = (meanwhile: () => void = () => undefined) => {
  server.beforeReply = (request) => {
    if (request !== 'create') return;
    server.beforeReply = () => undefined;
    meanwhile();
    throw new HandoutError('network', 'lost');
  };
};

describe('a small file', () => {
  it('goes with its offer, in one request', async () => {
    const upload = sendOne(file('a.txt'));
    await expect(upload.done).resolves.toMatchObject({ id: 'sh_1', state: 'available', mine: true });
    expect(upload.progress).toMatchObject({ transferred: 3, total: 3 });
    expect(server.log).toEqual(['create a.txt 3', 'share sh_1']);
    expect(bytes.attempts).toEqual([]);
  });

  it('is not one that is large, nor one for more than a header holds', async () => {
    sendOne(file('large', 256 * 1024 + 1));
    send(
      Array.from({ length: 51 }, (_, i) => `p${i}`),
      file('many'),
    );
    await vi.waitFor(() => expect(requests('offer')).toBe(2), { interval: 1 });
    expect(requests('create')).toBe(0);
  });

  it('is made once, however many replies are lost', async () => {
    loseReply();
    const upload = sendOne(file('a.txt'));
    await expect(upload.done).resolves.toMatchObject({ id: 'sh_1' });
    expect([requests('create'), server.shares.size]).toEqual([2, 1]);
  });

  it('goes on as any other when its bytes did not all come', async () => {
    server.takes = 1;
    loseReply();
    const upload = sendOne(file('a.txt'));
    await vi.waitFor(() => expect(bytes.attempts).toHaveLength(1), { interval: 1 });
    bytes.of('sh_1').succeed();
    await expect(upload.done).resolves.toMatchObject({ id: 'sh_1', state: 'available' });
  });

  it('fails with what the server says for good', async () => {
    server.fail('create', 'forbidden');
    await expect(sendOne(file('a.txt')).done).rejects.toMatchObject({ code: 'forbidden' });
    expect(requests('create')).toBe(1);
  });

  it('has its file when a push is faster than the answer', async () => {
    server.beforeReply = (request) => {
      if (request !== 'create') return;
      const mine = [...server.shares.values()].at(-1);
      if (mine !== undefined) files.apply([mine], true);
      expect(upload.file).toMatchObject({ id: 'sh_1' });
    };
    const upload = sendOne(file('a.txt'));
    expect(await upload.done).toBe(files.byId.get('sh_1'));
  });

  it('is one of three at a time', async () => {
    let open = 0;
    let most = 0;
    server.beforeReply = async (request) => {
      if (request !== 'create') return;
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
    };
    await Promise.all(send('room', ...Array.from({ length: 9 }, (_, i) => file(`${i}`))).map((upload) => upload.done));
    expect(most).toBe(3);
  });
});

describe('cancelling a small file', () => {
  it('that waits asks nothing of the server', async () => {
    const [upload] = send('room', file('a.txt')) as [Upload];
    upload.cancel();
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.log).toEqual([]);
  });

  it('that is on its way revokes it when the answer comes', async () => {
    const upload = sendOne(file('a.txt'));
    server.beforeReply = (request) => {
      if (request === 'create') upload.cancel();
    };
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    await vi.waitFor(() => expect(server.shares.get('sh_1')?.state).toBe('revoked'), { interval: 1 });
  });

  it('whose answer was lost finds out what there is to revoke', async () => {
    const upload = sendOne(file('a.txt'));
    loseReply(() => upload.cancel());
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    await vi.waitFor(() => expect(server.shares.get('sh_1')?.state).toBe('revoked'), { interval: 1 });
  });

  it('that never came to the server makes nothing', async () => {
    const upload = sendOne(file('a.txt'));
    const create = server.create.bind(server);
    server.create = async () => {
      server.create = create;
      upload.cancel();
      throw new HandoutError('network', 'lost');
    };
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    await vi.waitFor(() => expect(requests('create')).toBe(1), { interval: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.shares.size).toBe(0);
  });
});
