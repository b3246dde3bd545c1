import { expect, vi } from 'vitest';
import { Files } from '../files.js';
import type { Audience, Limits } from '../protocol.js';
import { ResumeRecords } from '../resume.js';
import { Waker } from '../retry.js';
import { type FileSource, snapshot } from '../source.js';
import type { Parallel, Upload } from '../upload.js';
import { Uploads } from '../uploads.js';
import { noActions } from './actions.js';
import { LIMITS } from './records.js';
import { FakeBytes, FakeServer } from './server.js';

type Around = Partial<ConstructorParameters<typeof Uploads>[0]>;

// What stands around the uploads of one test: begin() makes it anew, and page() all
// that a reload of the page makes anew.
export let server: FakeServer;
export let bytes: FakeBytes;
export let files: Files;
export let uploads: Uploads;
/** What the page was told of its uploads: "NAME STATE". */
export let told: string[];
let limits: Limits;
let stored: Map<string, string>;
let around: () => Around;

/** Begins a test; `more` is what its uploads are given beside the usual, or instead of it. */
export function begin(more: () => Around = () => ({})): void {
  server = new FakeServer();
  bytes = new FakeBytes(server);
  limits = LIMITS;
  told = [];
  stored = new Map();
  around = more;
  page();
}

/** Loads the page, for the first time or again. */
export function page(): void {
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
    limits: () => limits,
    changed: (upload) => told.push(`${upload.name} ${upload.state.kind}`),
    send: bytes.send,
    waker: new Waker({ sleep: () => new Promise((resolve) => setImmediate(resolve)), random: () => 0 }),
    ...around(),
  });
}

/** Has the server permit other than it does by default. */
export function permit(change: Partial<Limits>): void {
  limits = { ...limits, ...change };
}

/** A file that is the same each time. */
export const file = (name: string, body = 'abc'): File => new File([body], name, { lastModified: 7 });
/** Files that are called 1, 2, 3 … */
export const times = (n: number): File[] => Array.from({ length: n }, (_, i) => file(`${i + 1}`));
export const send = (source: FileSource, to: Audience = 'room', parallel?: Parallel): Upload[] =>
  uploads.add(snapshot(source), to, parallel);
export const sendOne = (source: File, parallel?: Parallel): Upload => send(source, 'room', parallel)[0] as Upload;
/** Waits until so many requests have begun to carry bytes. */
export const sent = (n: number): Promise<void> =>
  vi.waitFor(() => expect(bytes.attempts).toHaveLength(n), { interval: 1 });
/** What the server was asked, of one kind. */
export const asked = (request: string): string[] => server.log.filter((line) => line.startsWith(request));
/** Tells the page what has become of a share. */
export const push = (id: string, change: Parameters<FakeServer['change']>[1]): void =>
  files.apply([server.change(id, change)]);
