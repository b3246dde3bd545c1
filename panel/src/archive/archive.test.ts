import { beforeEach, expect, it, vi } from 'vitest';
import { sharedFile } from '../dev/fake-room.js';
import { english } from '../messages/words.js';
import type { FilePort, ReadingPort, TransferPort } from '../model/ports.js';
import { Archive } from './archive.js';
import type { Target } from './target.js';

let written: Uint8Array[];
let ends: string[];
let said: string[];
let downloads: FakeDownload[];
let archive: Archive;

/** A download of a fixture: its test says what becomes of it. */
class FakeDownload {
  readonly kind = 'download';
  state: TransferPort['state'] = { kind: 'running' };
  progress = { transferred: 0, total: 1, rate: 0, eta: undefined, percent: 0 };
  released = false;
  resolve!: (file: File) => void;
  reject!: (error: Error) => void;
  readonly done = new Promise<File>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
  constructor(
    readonly name: string,
    readonly size: number,
  ) {
    this.done.catch(() => undefined);
    downloads.push(this);
  }
  complete(text = this.name): void {
    this.state = { kind: 'completed' };
    this.resolve(new File([text], this.name));
  }
  fail(): void {
    this.state = { kind: 'failed', error: new Error('gone') } as TransferPort['state'];
    this.reject(new Error('gone'));
  }
  cancel(): void {
    this.state = { kind: 'cancelled', by: 'me' };
    this.reject(new Error('cancelled'));
  }
  release(): void {
    if (this.state.kind === 'completed') this.released = true;
  }
}

const file = (name: string, path = ''): FilePort =>
  sharedFile(name, { path, size: 10, download: () => new FakeDownload(name, 10) as unknown as ReadingPort });

beforeEach(() => {
  written = [];
  ends = [];
  said = [];
  downloads = [];
  const open = async (): Promise<Target> => ({
    stream: new WritableStream({ write: (piece) => void written.push(piece.slice()) }),
    finish: async () => void ends.push('finished'),
    discard: async () => void ends.push('discarded'),
  });
  const desk = {
    words: () => english,
    say: (text: string, tone: string) => void said.push(`${tone}: ${text}`),
    changed: () => undefined,
  };
  archive = new Archive(desk, open);
});

/** What makes archives is loaded when it is needed; it fetches the first files then. */
const begun = () => vi.waitFor(() => expect(downloads).not.toHaveLength(0), { timeout: 5_000, interval: 1 });
const settle = () => new Promise((resolve) => setTimeout(resolve));
const text = () => new TextDecoder('latin1').decode(Uint8Array.from(written.flatMap((piece) => [...piece])));

it('fetches few ahead, writes them in their order, and keeps none', async () => {
  const saving = archive.save(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => file(name, 'p')),
    'photos',
  );
  await begun();
  expect(downloads.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  downloads[1]?.complete();
  await settle();
  expect([downloads.length, text().includes('p/b')]).toEqual([4, false]);
  expect(archive.total).toMatchObject({ transferred: 10, total: 60, archive: 'photos.zip' });
  expect(archive.owns(downloads[0] as unknown as TransferPort)).toBe(true);
  downloads[0]?.complete();
  await settle();
  expect([downloads.length, downloads[0]?.released, downloads[1]?.released]).toEqual([6, true, true]);
  for (const download of downloads.slice(2)) download.complete();
  await saving;
  expect(downloads.every(({ released }) => released)).toBe(true);
  expect([...new Set(text().match(/p\/[a-f]/g))]).toEqual(['p/a', 'p/b', 'p/c', 'p/d', 'p/e', 'p/f']);
  expect([ends, said, archive.total]).toEqual([['finished'], ['info: photos.zip is saved: 6 of 6 files.'], undefined]);
});

it('goes without what cannot be saved, and says so', async () => {
  const saving = archive.save([file('a'), file('b'), file('c')], 'x');
  await begun();
  downloads[0]?.complete();
  downloads[1]?.fail();
  downloads[2]?.complete();
  await saving;
  expect([text().includes('b'), ends, said]).toEqual([false, ['finished'], ['error: x.zip is saved: 2 of 3 files.']]);
});

it('makes no archive of nothing', async () => {
  const saving = archive.save([file('a'), file('b')], 'x');
  await begun();
  for (const download of downloads) download.fail();
  await saving;
  expect([ends, said]).toEqual([['discarded'], ['error: x.zip is saved: 0 of 2 files.']]);
});

it('is cancelled as a whole, also while it waits', async () => {
  const saving = archive.save([file('a'), file('b'), file('c')], 'x');
  await begun();
  downloads[0]?.complete();
  downloads[2]?.complete();
  await settle();
  archive.cancel();
  await saving;
  expect(downloads.map(({ state }) => state.kind)).toEqual(['completed', 'cancelled', 'completed']);
  expect([downloads[2]?.released, ends, said, archive.total]).toEqual([true, ['discarded'], [], undefined]);
});

it('is one at a time, and none without a place', async () => {
  const saving = archive.save([file('a')], 'x');
  await archive.save([file('b')], 'y');
  await begun();
  expect(downloads.map(({ name }) => name)).toEqual(['a']);
  downloads[0]?.complete();
  await saving;
  const nowhere = new Archive(
    { words: () => english, say: () => undefined, changed: () => undefined },
    async () => undefined,
  );
  await nowhere.save([file('c')], 'z');
  expect(downloads).toHaveLength(1);
});
