import { Deposit, isDeposit } from './deposit.js';
import { asHandoutError, HandoutError } from './errors.js';
import type { SharedFile } from './file.js';
import type { Files } from './files.js';
import type { Api } from './http.js';
import { Offers } from './offers.js';
import type { Audience, Limits, ShareRecord } from './protocol.js';
import type { ResumeRecords } from './resume.js';
import { isTransient, Waker } from './retry.js';
import { Slots } from './slots.js';
import type { SourceFile } from './source.js';
import type { TransferControl } from './transfer.js';
import { type SendBytes, sendBytes } from './tus.js';
import { type MakeThumbnail, type Parallel, Upload } from './upload.js';
import { bringBytes, recordedEnd } from './upload-run.js';

/** What uploads need of their room. */
export interface UploadsConfig {
  readonly api: Pick<Api, 'offer' | 'share' | 'split' | 'end' | 'url' | 'authorization'>;
  readonly files: Files;
  readonly records: ResumeRecords;
  limits(): Limits;
  /** Whether a file may be offered, by its name and type; all may if nobody says. */
  allows?(file: { name: string; type: string }): boolean;
  changed(upload: Upload): void;
  /** tus, unless a test brings its own. */
  readonly send?: SendBytes;
  /** Makes a small file in one request; without it, small files go the way of large ones. */
  readonly create?: Api['create'];
  readonly waker?: Waker;
  /** The clock that connections are judged by, in milliseconds. */
  readonly now?: () => number;
}

interface Job {
  readonly abort: AbortController;
  /** I asked to cancel: an end that is not a completion is mine. */
  cancelling: boolean;
}

/** Uploads whose bytes are on their way at once. */
const MAX_RUNNING = 3;

/** Drives the uploads of a page: offers them, brings their bytes, and ends each of them once. */
export class Uploads implements TransferControl<Upload> {
  readonly #config: UploadsConfig;
  readonly #waker: Waker;
  readonly #slots = new Slots();
  readonly #offers: Offers;
  readonly #jobs = new Map<Upload, Job>();
  /** No two uploads of a page bring bytes to one share. */
  readonly #byShare = new Map<string, Upload>();
  /** Shares that are cancelled here, and that the server has not heard of yet. */
  readonly #ending = new Set<string>();
  /** Those on their way in one request, whose share we do not know before its answer. */
  readonly #depositing = new Set<Upload>();
  #ready: Upload[] = [];
  #running = 0;
  #stopped = false;

  constructor(config: UploadsConfig) {
    this.#config = config;
    this.#waker = config.waker ?? new Waker();
    this.#offers = new Offers({
      ...config,
      waker: this.#waker,
      busy: () => this.#byShare.size > 0,
      taken: (share) => this.#byShare.has(share),
      made: (upload, file) => this.#begin(upload, file),
      failed: (upload, error) => this.#fail(upload, error),
    });
  }

  /** Makes uploads of the files. They start when the caller has had the time to listen. */
  add(sources: readonly SourceFile[], to: Audience, parallel: Parallel = 'auto', thumbnail?: MakeThumbnail): Upload[] {
    const uploads = sources.map((source) => new Upload(source, { to, parallel, thumbnail }, this));
    for (const upload of uploads) this.#jobs.set(upload, newJob());
    queueMicrotask(() => this.#queue(uploads.filter((upload) => this.#admit(upload))));
    return uploads;
  }

  /** Small ones go with their offer, the others are offered together first. */
  #queue(uploads: readonly Upload[]): void {
    const { create, records } = this.#config;
    const alone = (upload: Upload) =>
      create !== undefined && isDeposit(upload) && records.find(upload.source, upload.to).length === 0;
    this.#ready.push(...uploads.filter(alone));
    this.#offers.add(uploads.filter((upload) => !alone(upload)));
    this.#pump();
  }

  /** A file is new. One of mine may be what a deposit makes, and a push may be faster than the answer, which has the last word. */
  fileAdded(file: SharedFile): void {
    if (!file.mine || this.#byShare.has(file.id)) return;
    for (const upload of this.#depositing) {
      if (upload.file !== undefined || upload.name !== file.name || upload.size !== file.size) continue;
      if (upload.path !== file.path) continue;
      upload.assign(file);
      return;
    }
  }

  /** A record of mine has changed. */
  fileChanged(file: SharedFile): void {
    const upload = this.#byShare.get(file.id);
    if (upload === undefined || file.state === 'uploading') return;
    // A cancel that is on its way may yet revoke what has just become complete: its own answer tells the end.
    if (file.state === 'available' && this.#jobs.get(upload)?.cancelling) return;
    this.#settle(upload, file);
  }

  /** The connection is back: nobody needs to wait any longer. */
  wake(): void {
    this.#waker.wake();
  }

  /** Ends everything. Uploads that I leave behind are cancelled on the server, others may go on in another page. */
  async stop(by: 'me' | 'room'): Promise<void> {
    this.#stopped = true;
    this.#offers.stop();
    const shares = [...this.#byShare.keys(), ...this.#ending];
    for (const upload of [...this.#jobs.keys()]) {
      this.#release(upload);
      upload.endCancelled(by);
    }
    if (by === 'room') return;
    for (const share of shares) this.#config.records.drop(share);
    await Promise.allSettled(shares.map((share) => this.#config.api.end(share)));
  }

  changed(upload: Upload): void {
    this.#config.changed(upload);
  }

  cancel(upload: Upload): void {
    const job = this.#jobs.get(upload);
    if (job === undefined || job.cancelling) return;
    job.cancelling = true;
    job.abort.abort();
    if (upload.file !== undefined && this.#byShare.get(upload.file.id) === upload) {
      void this.#cancelShare(upload, upload.file.id);
    } else {
      this.#release(upload);
      upload.endCancelled('me');
    }
  }

  retry(upload: Upload): void {
    if (this.#stopped || this.#jobs.has(upload)) return;
    this.#jobs.set(upload, newJob());
    upload.reset();
    const { file } = upload;
    if (file?.state === 'uploading' && !this.#byShare.has(file.id) && !this.#ending.has(file.id)) {
      this.#begin(upload, file);
      return;
    }
    upload.assign(undefined);
    if (this.#admit(upload)) this.#queue([upload]);
  }

  /** What the server would refuse anyway is refused before the wire. */
  #admit(upload: Upload): boolean {
    if (upload.ended) return false;
    const { fileSize } = this.#config.limits();
    if (upload.size === 0) {
      this.#fail(upload, new HandoutError('empty-file', 'the file has zero bytes'));
    } else if (upload.size > fileSize) {
      this.#fail(upload, new HandoutError('file-too-large', `the file is larger than the limit of ${fileSize} bytes`));
    } else if (this.#config.allows?.(upload) === false) {
      this.#fail(upload, new HandoutError('type-not-allowed', 'files of this type may not be shared in this room'));
    }
    return !upload.ended;
  }

  #begin(upload: Upload, file: SharedFile): void {
    if (upload.ended) {
      // It was cancelled while the server made it.
      void this.#endLater(file.id);
      return;
    }
    upload.assign(file);
    this.#byShare.set(file.id, upload);
    this.#config.records.keep(upload.source, upload.to, file.id);
    this.#ready.push(upload);
    if (file.state === 'uploading') this.#pump();
    else this.#settle(upload, file);
  }

  #pump(): void {
    while (this.#running < MAX_RUNNING) {
      const upload = this.#ready.shift();
      if (upload === undefined) return;
      const job = this.#jobs.get(upload);
      if (job === undefined) continue;
      this.#running++;
      const run = upload.file === undefined ? this.#deposit(upload, job) : this.#run(upload, upload.file.id, job);
      void run.finally(() => {
        this.#running--;
        this.#pump();
      });
    }
  }

  /** Offers and sends a small file. One whose bytes did not all come goes on as any other. */
  async #deposit(upload: Upload, job: Job): Promise<void> {
    const { api, create, files } = this.#config;
    if (create === undefined) return;
    const { signal } = job.abort;
    if (upload.pictured) await upload.prepare();
    if (upload.ended) return;
    if (!isDeposit(upload)) return this.#offers.add([upload]); // its thumbnail is too large for a header
    const deposit = new Deposit({ api: { create }, waker: this.#waker, left: this.#offers.signal }, upload);
    this.#depositing.add(upload);
    try {
      const share = await deposit.send(signal);
      if (signal.aborted) return await this.#endLater(share);
      const record = await api.share(share, signal);
      files.apply([record]);
      const file = files.byId.get(share);
      if (file !== undefined) this.#begin(upload, file);
      else this.#fail(upload, new HandoutError('share-ended', `the share was ${record.state}`));
    } catch (cause) {
      if (!signal.aborted) {
        upload.assign(undefined);
        return this.#fail(upload, asHandoutError(cause));
      }
      const share = await deposit.made().catch(() => undefined); // the room was left
      if (share !== undefined) await this.#endLater(share);
    } finally {
      this.#depositing.delete(upload);
    }
  }

  async #run(upload: Upload, share: string, job: Job): Promise<void> {
    const { signal } = job.abort;
    const { api, send = sendBytes, now = () => performance.now() } = this.#config;
    const context = { api, send, waker: this.#waker, slots: this.#slots, now };
    try {
      const inParts = await bringBytes(context, {
        blob: upload.source.blob,
        share,
        signal,
        parallel: upload.parallel,
        progress: (bytes) => upload.report(bytes),
        paused: () => upload.advance('paused'),
        running: () => upload.advance('running'),
      });
      upload.advance('verifying');
      const record = await recordedEnd(context, share, { signal, inParts });
      if (!signal.aborted) this.#take(upload, record);
    } catch (cause) {
      if (!signal.aborted) await this.#explain(upload, share, { error: asHandoutError(cause), signal });
    }
  }

  /** The record, not the error, says how an upload ended. */
  async #explain(upload: Upload, share: string, end: { error: HandoutError; signal: AbortSignal }): Promise<void> {
    const record = await this.#config.api.share(share, end.signal).catch(() => undefined);
    if (end.signal.aborted) return; // it has ended otherwise, or a cancel tells the end
    if (record !== undefined && record.state !== 'uploading') this.#take(upload, record);
    else this.#fail(upload, end.error);
  }

  #take(upload: Upload, record: ShareRecord): void {
    this.#config.files.apply([record]);
    // Our own files may know better than this reply: a push may have overtaken it.
    if (upload.file !== undefined && !upload.ended) this.#settle(upload, upload.file);
  }

  #settle(upload: Upload, file: SharedFile): void {
    const cancelling = this.#jobs.get(upload)?.cancelling ?? false;
    this.#release(upload);
    this.#config.records.drop(file.id);
    if (file.state === 'available') upload.complete(file);
    else if (cancelling) upload.endCancelled('me');
    else if (file.state === 'failed') upload.fail(failure(file));
    else upload.endCancelled('room');
  }

  #fail(upload: Upload, error: HandoutError): void {
    this.#release(upload);
    upload.fail(error);
  }

  #release(upload: Upload): void {
    this.#jobs.get(upload)?.abort.abort();
    this.#jobs.delete(upload);
    if (upload.file !== undefined && this.#byShare.get(upload.file.id) === upload) this.#byShare.delete(upload.file.id);
    this.#ready = this.#ready.filter((ready) => ready !== upload);
    this.#offers.freed();
  }

  /** The server decides between a cancel and the last byte. */
  async #cancelShare(upload: Upload, share: string): Promise<void> {
    const { api } = this.#config;
    try {
      let record = await api.share(share);
      if (record.state === 'uploading') {
        await api.end(share);
        record = await api.share(share);
      }
      this.#take(upload, record);
    } catch {
      if (upload.ended) return; // a push has told the end already
      this.#config.records.drop(share);
      this.#release(upload);
      upload.endCancelled('me');
      void this.#endLater(share);
    }
  }

  /** Cancels a share as soon as the server does it. */
  async #endLater(share: string): Promise<void> {
    this.#ending.add(share);
    for (let attempt = 1; !this.#stopped; attempt++) {
      try {
        await this.#config.api.end(share);
        break;
      } catch (cause) {
        if (!isTransient(asHandoutError(cause))) break; // it is not ours to end, or not there any more
      }
      await this.#waker.pause(attempt, this.#offers.signal).catch(() => undefined); // the room was left
    }
    this.#ending.delete(share);
  }
}

function newJob(): Job {
  return { abort: new AbortController(), cancelling: false };
}

function failure(file: SharedFile): HandoutError {
  const code = file.reason ?? 'internal';
  return new HandoutError(code, `the upload failed: ${code}`, { detail: file.reason });
}
