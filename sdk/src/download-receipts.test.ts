import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ThreadArrival } from './arrival.js';
import type { Download } from './download.js';
import { Downloads } from './downloads.js';
import { HandoutError } from './errors.js';
import type { SharedFile } from './file.js';
import { Files } from './files.js';
import type { ShareRecord } from './protocol.js';
import type { ReceiptWord } from './receipt-records.js';
import { Waker } from './retry.js';
import { noActions } from './testing/actions.js';
import { FakeContent, FakeSink } from './testing/content.js';
import { share } from './testing/records.js';

const HELLO = createHash('sha256').update('hello').digest('hex');
const available = (id: string, more: Partial<ShareRecord> = {}) =>
  share({ id, state: 'available', offset: 5, sha256: HELLO, rev: 2, ...more });

let content: FakeContent;
let files: Files;
let downloads: Downloads;
let said: ReceiptWord[];
let owed: string[];

beforeEach(() => {
  content = new FakeContent();
  said = [];
  owed = [];
  files = new Files('ana', noActions, {
    added: () => undefined,
    changed: (file) => downloads.fileChanged(file),
    offered: () => undefined,
  });
  downloads = new Downloads({
    api: {
      origin: 'http://server',
      token: 'jwt',
      content: content.content,
      share: () => Promise.reject(new HandoutError('network', 'no answer')),
    },
    files,
    owner: 'rm_1.ana',
    words: { say: (word) => said.push(word), owes: (id) => owed.includes(id) },
    added: () => undefined,
    changed: () => undefined,
    save: () => undefined,
    open: ({ share }) => ThreadArrival.open(content, share, new FakeSink()),
    waker: new Waker({ sleep: () => new Promise((resolve) => setImmediate(resolve)), random: () => 0 }),
  });
});

function start(offered: ShareRecord = available('sh_1')): Download {
  files.apply([offered]);
  return downloads.get(files.byId.get(offered.id) as SharedFile, {});
}

const served = (n: number) => vi.waitFor(() => expect(content.served).toHaveLength(n), { interval: 1 });

async function serve(n: number, text: string): Promise<void> {
  await served(n);
  content.at(n).reply();
  content.at(n).push(text);
  content.at(n).end();
}

describe('what the sender is told of a download', () => {
  const words = () => said.map(({ share, ...word }) => ({ [share]: word }));

  it('is that it was received, with the hash that was verified', async () => {
    const download = start();
    await serve(1, 'hello');
    await download.done;
    expect(words()).toEqual([{ sh_1: { state: 'received', sha256: HELLO } }]);
  });

  it('is never that other bytes were', async () => {
    const download = start();
    await serve(1, 'hullo');
    await expect(download.done).rejects.toMatchObject({ code: 'hash-mismatch' });
    expect(words()).toEqual([{ sh_1: { state: 'failed', reason: 'hash-mismatch' } }]);
  });

  it('is that I cancelled it, if it had begun', async () => {
    const five = [1, 2, 3, 4, 5].map((n) => start(available(`sh_${n}`)));
    await served(4);
    five[4]?.cancel();
    five[0]?.cancel();
    expect(words()).toEqual([{ sh_1: { state: 'cancelled' } }]);
  });

  it('is that I cancelled it when I leave, and nothing when the room ends', async () => {
    start();
    await served(1);
    downloads.stop('room');
    expect(words()).toEqual([]);
    downloads.stop('me');
    expect(words()).toEqual([]);
  });

  it('is said of all that run when I leave', async () => {
    start();
    await served(1);
    downloads.stop('me');
    expect(words()).toEqual([{ sh_1: { state: 'cancelled' } }]);
  });

  it('is that it is cancelled when the page goes away', async () => {
    start();
    await served(1);
    downloads.interrupted();
    expect(words()).toEqual([{ sh_1: { state: 'cancelled' } }]);
  });

  it('is nothing when the sender ends it', async () => {
    const download = start();
    await served(1);
    files.apply([available('sh_1', { state: 'revoked', rev: 3 })]);
    await expect(download.done).rejects.toMatchObject({ code: 'cancelled' });
    expect(words()).toEqual([]);
  });

  it('is that I decline it, in place of the cancel', async () => {
    const download = start();
    await served(1);
    downloads.decline(download.file);
    expect(download.state).toEqual({ kind: 'cancelled', by: 'me' });
    expect(words()).toEqual([{ sh_1: { state: 'declined' } }]);
  });

  it('is that it begins only when an older word is still on its way', async () => {
    owed = ['sh_2'];
    start();
    start(available('sh_2'));
    await served(2);
    expect(words()).toEqual([{ sh_2: { state: 'downloading' } }]);
  });

  it('says a code of a failure, whatever a proxy made of it', async () => {
    const download = start();
    await served(1);
    content.at(1).refuse('<b>Not here</b>');
    await expect(download.done).rejects.toBeInstanceOf(HandoutError);
    expect(words()).toEqual([{ sh_1: { state: 'failed', reason: 'internal' } }]);
  });

  it('is nothing of my own file', async () => {
    const download = start(available('sh_1', { sender: { id: 'ana', name: 'Ana' } }));
    await serve(1, 'hello');
    await download.done;
    downloads.decline(download.file);
    expect(words()).toEqual([]);
  });
});
