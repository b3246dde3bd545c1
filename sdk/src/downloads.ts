import { arrivalsFrom } from './arrivals.js';
import { Download, type DownloadControl } from './download.js';
import { folderName, forgetFolder, markFolder, releaseFolder, searchFolders } from './download-folder.js';
import { type FetchContext, fetchFile, type OpenArrival } from './download-run.js';
import { asHandoutError, type HandoutError, throwIfAborted } from './errors.js';
import type { DownloadOptions, SharedFile } from './file.js';
import type { Files } from './files.js';
import type { Api } from './http.js';
import { hasEnded } from './protocol.js';
import type { ReceiptWord } from './receipt-records.js';
import { Waker } from './retry.js';
import type { Words } from './words.js';

/** What downloads need of their room. */
export interface DownloadsConfig {
  readonly api: Pick<Api, 'content' | 'share' | 'origin' | 'token'>;
  readonly files: Files;
  readonly words: Pick<Words, 'say' | 'owes'>;
  /** Whose they are: the room and the participant, with a dot between. */
  readonly owner: string;
  added(download: Download): void;
  changed(download: Download): void;
  /** Hands a verified file to the browser's downloads. */
  save(file: File): void;
  /** The browser's threads and storage, unless a test brings its own. */
  readonly open?: OpenArrival;
  readonly waker?: Waker;
}

/** Downloads whose bytes are on their way at once. */
const MAX_RUNNING = 4;
/** Those of them that wait for their senders: a file that is complete never waits for a slow sender. */
const MAX_FOLLOWING = 3;

/** Drives the downloads of a page: one for each file at a time, each ending once. */
export class Downloads implements DownloadControl {
  readonly #config: DownloadsConfig;
  readonly #context: FetchContext;
  /** Ends the wait for the hash of a file that was followed to its end. */
  readonly #completions: Waker;
  /** Those that have not ended. */
  readonly #jobs = new Map<Download, AbortController>();
  /** Those that end in the browser's downloads, also when they are started again. */
  readonly #saving = new WeakSet<Download>();
  /** Those whose senders may know of them: bytes were asked for. */
  readonly #begun = new Set<Download>();
  #ready: Download[] = [];
  #running = 0;
  #following = 0;
  #stopped: 'me' | 'room' | undefined;
  /** Another page may go on with what ends now. */
  #keeps = false;

  constructor(config: DownloadsConfig) {
    this.#config = config;
    this.#context = { open: config.open ?? arrivalsFrom(config.api), waker: config.waker ?? new Waker() };
    this.#completions = config.waker ?? new Waker();
  }

  /** The running download of the file, or a new one. It starts when the caller has had the time to listen. */
  get(file: SharedFile, { signal }: DownloadOptions): Download {
    const download = this.#find(file) ?? this.#create(file);
    download.heed(signal);
    return download;
  }

  /** The same, and once it is verified the browser saves it: once, however often it was asked for. */
  save(file: SharedFile, options: DownloadOptions): Download {
    const download = this.get(file, options);
    this.#saving.add(download);
    void markFolder(this.#folder(file), 'save');
    return download;
  }

  /** Goes on with what pages of this participant before this one have not finished, as it was asked for there. */
  async takeUp(signal: AbortSignal): Promise<void> {
    const { files, owner } = this.#config;
    const live = (share: string) => {
      const file = files.byId.get(share);
      return file !== undefined && !hasEnded(file.state);
    };
    const found = (share: string, save: boolean) => {
      const file = files.byId.get(share);
      if (file !== undefined) this[save ? 'save' : 'get'](file, {});
    };
    await searchFolders({ owner, signal, live, found }).catch(() => undefined); // a folder that cannot be read has nothing
  }

  /** A file has changed: it may be complete now, or gone. */
  fileChanged(file: SharedFile): void {
    const download = this.#find(file);
    if (download === undefined) return;
    if (hasEnded(file.state)) this.#fileEnded(download);
    else if (file.state === 'available') this.#completions.wake();
  }

  /** The connection is back: nobody needs to wait any longer. */
  wake(): void {
    this.#context.waker.wake();
  }

  /** Ends everything; `keeps` says whether another page may go on with it. */
  stop(by: 'me' | 'room', keeps = false): void {
    this.#stopped = by;
    this.#keeps = keeps;
    for (const download of [...this.#jobs.keys()]) {
      if (by === 'me') this.#sayCancelled(download);
      this.#release(download);
      download.endCancelled(by);
    }
  }

  /** The page goes away, and its downloads with it. One that comes back goes on, and the server notes that. */
  interrupted(): void {
    for (const download of this.#begun) this.#sayCancelled(download);
  }

  /** I do not want the file. */
  decline(file: SharedFile): void {
    const download = this.#find(file);
    if (download !== undefined) {
      this.#release(download);
      download.endCancelled('me');
    } else void forgetFolder(this.#folder(file));
    this.#say(file, { state: 'declined' });
  }

  changed(download: Download): void {
    this.#config.changed(download);
  }

  cancel(download: Download): void {
    if (!this.#jobs.has(download)) return;
    this.#sayCancelled(download);
    this.#release(download);
    download.endCancelled('me');
  }

  retry(download: Download): void {
    if (this.#stopped !== undefined || this.#find(download.file) !== undefined) return;
    download.reset();
    this.#begin(download);
  }

  /** The browser may not have copied yet what it saves: that stays. */
  release(download: Download): void {
    if (this.#saving.has(download)) return;
    void releaseFolder(this.#folder(download.file));
    download.forgetResult();
  }

  #find(file: SharedFile): Download | undefined {
    for (const download of this.#jobs.keys()) if (download.file === file) return download;
    return undefined;
  }

  #create(file: SharedFile): Download {
    const download = new Download(file, this);
    this.#begin(download);
    this.#config.added(download);
    return download;
  }

  #begin(download: Download): void {
    this.#jobs.set(download, new AbortController());
    this.#ready.push(download);
    queueMicrotask(() => {
      if (this.#stopped !== undefined) this.stop(this.#stopped);
      else if (hasEnded(download.file.state)) this.#fileEnded(download);
      else this.#pump();
    });
  }

  /** Starts what may start: also files that are still uploading. */
  #pump(): void {
    for (const download of [...this.#ready]) {
      if (this.#running >= MAX_RUNNING) return;
      const abort = this.#jobs.get(download);
      const follows = download.file.state === 'uploading';
      if (abort === undefined || (follows && this.#following >= MAX_FOLLOWING)) continue;
      this.#ready = this.#ready.filter((other) => other !== download);
      this.#running++;
      if (follows) this.#following++;
      void this.#run(download, abort.signal).finally(() => {
        this.#running--;
        if (follows) this.#following--;
        this.#pump();
      });
    }
  }

  async #run(download: Download, signal: AbortSignal): Promise<void> {
    const { file: shared } = download;
    this.#sayBegun(download);
    try {
      const file = await fetchFile(this.#context, {
        share: shared.id,
        folder: this.#folder(shared),
        saves: () => this.#saving.has(download),
        keeps: () => this.#keeps,
        name: shared.name,
        type: shared.type,
        signal,
        size: () => shared.size,
        following: () => shared.state === 'uploading',
        recorded: () => this.#recorded(shared, signal),
        progress: (bytes) => download.report(bytes),
        waiting: () => download.advance('waiting'),
        paused: () => download.advance('paused'),
        running: () => download.advance('running'),
        verifying: () => download.advance('verifying'),
      });
      if (signal.aborted) return;
      this.#release(download);
      // What is verified has a recorded hash.
      this.#say(shared, { state: 'received', sha256: String(shared.sha256) });
      if (this.#saving.has(download)) this.#config.save(file);
      download.complete(file);
      void markFolder(this.#folder(shared), 'done');
    } catch (cause) {
      if (!signal.aborted) await this.#explain(download, asHandoutError(cause));
    }
  }

  /** The hash of a complete file. The push that brings it is a hint, so the record is asked for too. */
  async #recorded(file: SharedFile, signal: AbortSignal): Promise<string> {
    for (let attempt = 1; file.sha256 === undefined; attempt++) {
      await this.#completions.pause(attempt, signal);
      if (file.sha256 !== undefined) break;
      const record = await this.#config.api.share(file.id, signal).catch(() => undefined);
      if (record !== undefined) this.#config.files.apply([record]);
      throwIfAborted(signal);
    }
    return file.sha256;
  }

  /** The record, where it says that the file has ended, explains more than the error does. */
  async #explain(download: Download, error: HandoutError): Promise<void> {
    if (error.code === 'share-ended' || error.code === 'share-not-found') {
      const record = await this.#config.api.share(download.file.id).catch(() => undefined);
      if (record !== undefined) this.#config.files.apply([record]);
    }
    if (download.ended) return;
    this.#release(download);
    this.#say(download.file, { state: 'failed', reason: reasonOf(error) });
    download.fail(error);
  }

  /** The server notes by itself that a download begins. A word that is still on its way would come behind that. */
  #sayBegun(download: Download): void {
    this.#begun.add(download);
    if (this.#config.words.owes(download.file.id)) this.#say(download.file, { state: 'downloading' });
  }

  #sayCancelled(download: Download): void {
    if (this.#begun.has(download)) this.#say(download.file, { state: 'cancelled' });
  }

  /** The sender's own copy has no receipt. */
  #say(file: SharedFile, word: Omit<ReceiptWord, 'share'>): void {
    if (!file.mine) this.#config.words.say({ share: file.id, ...word });
  }

  #fileEnded(download: Download): void {
    const { state } = download.file;
    this.#release(download);
    download.endCancelled(state === 'cancelled' || state === 'revoked' ? 'sender' : 'room');
  }

  #release(download: Download): void {
    this.#jobs.get(download)?.abort();
    this.#jobs.delete(download);
    this.#begun.delete(download);
    this.#ready = this.#ready.filter((other) => other !== download);
    // What runs removes its own; what waits here may have been begun by another page.
    if (!this.#keeps) void forgetFolder(this.#folder(download.file));
  }

  #folder({ id, expiresAt }: SharedFile): string {
    return folderName(this.#config.owner, id, expiresAt);
  }
}

/** What a receipt may say of a failure: an error code, whatever a proxy in between made of it. */
function reasonOf({ code }: HandoutError): string {
  return /^[a-z0-9-]{1,64}$/.test(code) ? code : 'internal';
}
