import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ThreadArrival } from './arrival.js';
import type { Download } from './download.js';
import { Downloads } from './downloads.js';
import { HandoutError } from './errors.js';
import type { SharedFile } from './file.js';
import { Files } from './files.js';
import type { ShareRecord } from './protocol.js';
import { Waker } from './retry.js';
import { noActions } from './testing/actions.js';
import { FakeContent, FakeSink } from './testing/content.js';
import { share } from './testing/records.js';

const HELLO = createHash('sha256').update('hello').digest('hex');
const available = (id: string, more: Partial<ShareRecord> = {}) =>
  share({ id, state: 'available', offset: 5, sha256: HELLO, rev: 2, ...more });

let content: FakeContent;
let sinks: FakeSink[];
let files: Files;
let downloads: Downloads;
let told: string[];
let saved: File[];
/** What a page before has left of the next download. */
let left: string;
let record: ShareRecord | HandoutError;

beforeEach(() => {
  content = new FakeContent();
  sinks = [];
  told = [];
  saved = [];
  left = '';
  record = new HandoutError('network', 'no answer');
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
      share: async () => {
        if (record instanceof HandoutError) throw record;
        return record;
      },
    },
    files,
    owner: 'rm_1.ana',
    words: { say: () => undefined, owes: () => false },
    added: (download) => told.push(`added ${download.name}`),
    changed: (download) => told.push(download.state.kind),
    save: (file) => saved.push(file),
    open: ({ share }) => {
      const sink = new FakeSink(left);
      left = '';
      sinks.push(sink);
      return ThreadArrival.open(content, share, sink);
    },
    waker: new Waker({ sleep: () => new Promise((resolve) => setImmediate(resolve)), random: () => 0 }),
  });
});

function shared(offered: ShareRecord = available('sh_1')): SharedFile {
  files.apply([offered]);
  return files.byId.get(offered.id) as SharedFile;
}
const start = (offered?: ShareRecord): Download => downloads.get(shared(offered), {});
const served = (n: number) => vi.waitFor(() => expect(content.served).toHaveLength(n), { interval: 1 });

async function serve(n: number, text: string): Promise<void> {
  await served(n);
  content.at(n).reply();
  content.at(n).push(text);
  content.at(n).end();
}

/** Serves the first bytes of request n, and cuts it once they are written. */
async function cutAfter(n: number, text: string, status = 200, headers = {}): Promise<void> {
  await served(n);
  const before = sinks[0]?.text ?? '';
  content.at(n).reply(status, headers);
  content.at(n).push(text);
  await vi.waitFor(() => expect(sinks[0]?.text).toBe(status === 206 ? before + text : text), { interval: 1 });
  content.at(n).cut();
}

describe('a download', () => {
  it('gives the file when its hash is the recorded one', async () => {
    const download = start();
    expect(told).toEqual(['added a.txt']);
    await serve(1, 'hello');
    const file = await download.done;
    expect([file.name, file.type, await file.text()]).toEqual(['a.txt', 'text/plain', 'hello']);
    expect(told.filter((line, i) => line !== told[i - 1])).toEqual([
      'added a.txt',
      'running',
      'verifying',
      'completed',
    ]);
    expect(content.at(1).headers).toEqual({});
  });

  it('comes whole where a body is not read into a buffer of ours', async () => {
    content.byob = false;
    const download = start();
    await cutAfter(1, 'he');
    await served(2);
    content.at(2).reply(206, { 'Content-Range': 'bytes 2-4/5' });
    content.at(2).push('llo');
    content.at(2).end();
    expect(await (await download.done).text()).toBe('hello');
  });

  it('goes on where it was after each cut, with the hash of the same bytes', async () => {
    const download = start();
    await cutAfter(1, 'he');
    await cutAfter(2, 'l', 206, { 'Content-Range': 'bytes 2-4/5' });
    await served(3);
    expect(content.at(2).headers).toEqual({ Range: 'bytes=2-', 'If-Range': '"sh_1"' });
    expect(content.at(3).headers).toMatchObject({ Range: 'bytes=3-' });
    content.at(3).reply(206, { 'Content-Range': 'bytes 3-4/5' });
    content.at(3).push('lo');
    content.at(3).end();
    expect(await (await download.done).text()).toBe('hello');
    expect(told).toContain('paused');
  });

  it('starts over when the server sends everything again', async () => {
    const download = start();
    await cutAfter(1, 'he');
    await serve(2, 'hello');
    expect(await (await download.done).text()).toBe('hello');
  });

  it('does not believe a part that it did not ask for', async () => {
    const download = start();
    await cutAfter(1, 'he');
    await served(2);
    content.at(2).reply(206, { 'Content-Range': 'bytes 0-4/5' });
    await served(3);
    content.at(3).reply(206, { 'Content-Range': 'bytes 2-4/5' });
    content.at(3).push('llo');
    content.at(3).end();
    expect(await (await download.done).text()).toBe('hello');
  });

  it('goes on when a body ends too early', async () => {
    const download = start();
    await serve(1, 'hel');
    await served(2);
    expect(content.at(2).headers).toMatchObject({ Range: 'bytes=3-' });
    content.at(2).reply(206, { 'Content-Range': 'bytes 3-4/5' });
    content.at(2).push('lo');
    content.at(2).end();
    await expect(download.done).resolves.toBeInstanceOf(File);
  });

  it.each([
    ['other bytes', 'jello'],
    ['more bytes', 'hello!'],
  ])('of %s fails and keeps nothing', async (_, text) => {
    const download = start();
    await serve(1, text);
    await expect(download.done).rejects.toMatchObject({ code: 'hash-mismatch' });
    expect(sinks[0]?.state).toBe('discarded');
  });

  it('outlives any number of network losses, but not an error that stays', async () => {
    const download = start();
    for (let n = 1; n <= 20; n++) {
      await served(n);
      content.at(n).cut();
    }
    for (let n = 21; n <= 26; n++) {
      await served(n);
      content.at(n).refuse('internal');
    }
    await served(26);
    await expect(download.done).rejects.toMatchObject({ code: 'internal' });
    expect(sinks[0]?.state).toBe('discarded');
  });

  it('fails on a full disk, without asking again', async () => {
    const download = start();
    await served(1);
    const [sink] = sinks;
    if (sink !== undefined) sink.fault = new HandoutError('no-space', 'full');
    content.at(1).reply();
    content.at(1).push('he');
    await expect(download.done).rejects.toMatchObject({ code: 'no-space' });
    expect(content.at(1).signal.aborted || content.served.length === 1).toBe(true);
    expect(content.served).toHaveLength(1);
  });
});

describe('a download of a file that is still uploading', () => {
  const uploading = (more: Partial<ShareRecord> = {}) => share({ id: 'sh_1', size: 5, ...more });
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('brings the bytes as they come, and is complete when the upload is', async () => {
    const download = start(uploading());
    await served(1);
    expect(download.state.kind).toBe('waiting');
    content.at(1).reply();
    content.at(1).push('he');
    await vi.waitFor(() => expect(download.progress.transferred).toBe(2), { interval: 1 });
    expect(download.state.kind).toBe('running');
    content.at(1).push('llo');
    content.at(1).end();
    await vi.waitFor(() => expect(download.state.kind).toBe('verifying'), { interval: 1 });
    await turn();
    expect(download.state.kind).toBe('verifying');
    files.apply([available('sh_1')]);
    expect(await (await download.done).text()).toBe('hello');
    expect(content.served).toHaveLength(1);
  });

  it('learns the hash from the record when the push is lost', async () => {
    const download = start(uploading());
    record = available('sh_1');
    await serve(1, 'hello');
    expect(await (await download.done).text()).toBe('hello');
  });

  it('never believes bytes that the record does not have', async () => {
    const download = start(uploading());
    await serve(1, 'jello');
    files.apply([available('sh_1')]);
    await expect(download.done).rejects.toMatchObject({ code: 'hash-mismatch' });
    expect(sinks[0]?.state).toBe('discarded');
  });

  it('works without a length', async () => {
    const { size: _, ...unknown } = uploading();
    const download = start(unknown);
    await serve(1, 'hello');
    files.apply([available('sh_1', { size: 5 })]);
    expect(await (await download.done).text()).toBe('hello');
  });

  it('goes on after a cut of its own network', async () => {
    const download = start(uploading());
    await cutAfter(1, 'he');
    await served(2);
    files.apply([available('sh_1')]);
    expect(content.at(2).headers).toEqual({ Range: 'bytes=2-', 'If-Range': '"sh_1"' });
    content.at(2).reply(206, { 'Content-Range': 'bytes 2-4/5' });
    content.at(2).push('llo');
    content.at(2).end();
    await expect(download.done).resolves.toBeInstanceOf(File);
  });

  it('waits for a sender that pauses, on a new connection', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const download = start(uploading());
      await turn();
      content.at(1).reply();
      content.at(1).push('he');
      while (download.progress.transferred !== 2) await turn();
      vi.advanceTimersByTime(30_000);
      while (content.served.length < 2) await turn();
      expect(download.state.kind).toBe('waiting');
      expect(content.at(2).headers).toMatchObject({ Range: 'bytes=2-' });
    } finally {
      vi.useRealTimers();
    }
  });

  it('fails with the code when the sender stays away', async () => {
    const download = start(uploading());
    await served(1);
    content.at(1).refuse('upload-stalled');
    await expect(download.done).rejects.toMatchObject({ code: 'upload-stalled' });
    expect(download.canRetry).toBe(true);
  });

  it('ends when the sender cancels, whatever has come', async () => {
    const download = start(uploading());
    await serve(1, 'hello');
    await vi.waitFor(() => expect(download.state.kind).toBe('verifying'), { interval: 1 });
    files.apply([uploading({ state: 'cancelled', rev: 2 })]);
    expect(download.state).toEqual({ kind: 'cancelled', by: 'sender' });
    await vi.waitFor(() => expect(sinks[0]?.state).toBe('discarded'), { interval: 1 });
  });

  it('leaves a place for files that are complete', async () => {
    for (const n of [1, 2, 3, 4]) start(uploading({ id: `sh_${n}` }));
    start(available('sh_5'));
    await served(4);
    expect(content.served.map((request) => request.share)).toEqual(['sh_1', 'sh_2', 'sh_3', 'sh_5']);
  });
});

describe('many downloads', () => {
  it('run four at once, the others in their turn', async () => {
    const all = [1, 2, 3, 4, 5, 6].map((n) => start(available(`sh_${n}`)));
    await serve(4, 'hello');
    await all[3]?.done;
    await served(5);
    expect(content.served.map((request) => request.share)).toEqual(['sh_1', 'sh_2', 'sh_3', 'sh_4', 'sh_5']);
    all[4]?.cancel();
    await served(6);
  });

  it('of one file are one, until it has ended', async () => {
    const file = shared();
    const first = downloads.get(file, {});
    expect(downloads.get(file, {})).toBe(first);
    await serve(1, 'hello');
    await first.done;
    expect(downloads.get(file, {})).not.toBe(first);
    expect(told.filter((line) => line.startsWith('added'))).toHaveLength(2);
  });
});

describe('a save', () => {
  it('hands the verified file over once', async () => {
    const file = shared();
    downloads.get(file, {});
    downloads.save(file, {});
    const download = downloads.save(file, {});
    await serve(1, 'hello');
    await download.done;
    expect(saved.map((one) => one.name)).toEqual(['a.txt']);
  });

  it('that failed saves when it is tried again', async () => {
    const download = downloads.save(shared(), {});
    await serve(1, 'jello');
    await expect(download.done).rejects.toMatchObject({ code: 'hash-mismatch' });
    expect(saved).toEqual([]);
    download.retry();
    await serve(2, 'hello');
    await download.done;
    expect(saved).toHaveLength(1);
  });

  it('is not made by a plain download', async () => {
    const download = start();
    await serve(1, 'hello');
    await download.done;
    expect(saved).toEqual([]);
  });
});

describe('a cancel', () => {
  it('stops the request and throws the bytes away', async () => {
    const download = start();
    await served(1);
    content.at(1).reply();
    content.at(1).push('he');
    download.cancel();
    await expect(download.done).rejects.toMatchObject({ code: 'cancelled' });
    expect(download.state).toEqual({ kind: 'cancelled', by: 'me' });
    expect(content.at(1).signal.aborted).toBe(true);
    await vi.waitFor(() => expect(sinks[0]?.state).toBe('discarded'), { interval: 1 });
  });

  it('may come from the signal, before or after the start', async () => {
    const controller = new AbortController();
    const running = downloads.get(shared(), { signal: controller.signal });
    await served(1);
    controller.abort();
    const never = downloads.get(shared(available('sh_2')), { signal: controller.signal });
    expect([running.state, never.state]).toEqual(Array(2).fill({ kind: 'cancelled', by: 'me' }));
    expect(content.served).toHaveLength(1);
  });

  it.each([
    ['revoked', 'sender'],
    ['expired', 'room'],
  ] as const)('comes with a share that is %s, by the %s', async (state, by) => {
    const download = start();
    await served(1);
    files.apply([available('sh_1', { state, rev: 3 })]);
    expect(download.state).toEqual({ kind: 'cancelled', by });
    expect(content.at(1).signal.aborted).toBe(true);
    expect(download.canRetry).toBe(false);
  });

  it('is found out from the record when the push is late', async () => {
    const download = start();
    await served(1);
    record = available('sh_1', { state: 'revoked', rev: 3 });
    content.at(1).refuse('share-ended');
    await expect(download.done).rejects.toMatchObject({ code: 'cancelled' });
    expect(download.state).toEqual({ kind: 'cancelled', by: 'sender' });
  });

  it('by leaving ends all, and nothing starts afterwards', async () => {
    const running = start();
    await served(1);
    downloads.stop('room');
    expect(running.state).toEqual({ kind: 'cancelled', by: 'room' });
    const late = start(available('sh_2'));
    await expect(late.done).rejects.toMatchObject({ code: 'cancelled' });
    expect(content.served).toHaveLength(1);
  });
});

describe('what a page before has left', () => {
  it('is not fetched again', async () => {
    left = 'hel';
    const download = start();
    await served(1);
    expect(content.at(1).headers).toEqual({ Range: 'bytes=3-', 'If-Range': '"sh_1"' });
    expect(download.progress.transferred).toBe(3);
    content.at(1).reply(206, { 'Content-Range': 'bytes 3-4/5' });
    content.at(1).push('lo');
    content.at(1).end();
    expect(await (await download.done).text()).toBe('hello');
  });

  it('may be all: then it is only made sure of', async () => {
    left = 'hello';
    expect(await (await start().done).text()).toBe('hello');
    expect(content.served).toEqual([]);
  });

  it('counts for nothing if it is not what was sent', async () => {
    left = 'hel1';
    const download = start();
    await served(1);
    content.at(1).reply(206, { 'Content-Range': 'bytes 4-4/5' });
    content.at(1).push('o');
    content.at(1).end();
    await serve(2, 'hello');
    expect(content.at(2).headers).toEqual({});
    expect(await (await download.done).text()).toBe('hello');
    expect(sinks.map((sink) => sink.state)).toEqual(['discarded', 'finished']);
  });

  it('does not make a loop of bytes that are wrong', async () => {
    left = 'hell';
    const download = start(available('sh_1', { sha256: 'other' }));
    await served(1);
    content.at(1).reply(206, { 'Content-Range': 'bytes 4-4/5' });
    content.at(1).push('o');
    content.at(1).end();
    await serve(2, 'hello');
    await expect(download.done).rejects.toMatchObject({ code: 'hash-mismatch' });
    expect(content.served).toHaveLength(2);
  });
});
