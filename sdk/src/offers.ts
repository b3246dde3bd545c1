import { asHandoutError, HandoutError } from './errors.js';
import type { SharedFile } from './file.js';
import type { Files } from './files.js';
import type { Api } from './http.js';
import { type Made, OfferRequest } from './offer-request.js';
import { hasEnded, type Limits, type ShareRecord } from './protocol.js';
import type { ResumeRecords } from './resume.js';
import { isNetworkLoss, isTransient, type Waker } from './retry.js';
import type { Upload } from './upload.js';

/** What making shares needs of the uploads. */
export interface OffersConfig {
  readonly api: Pick<Api, 'offer' | 'share'>;
  readonly files: Files;
  readonly records: ResumeRecords;
  readonly waker: Waker;
  limits(): Limits;
  /** Whether an upload of this page is under way, whose end makes room for another. */
  busy(): boolean;
  /** Whether an upload of this page has the share. */
  taken(share: string): boolean;
  made(upload: Upload, file: SharedFile): void;
  failed(upload: Upload, error: HandoutError): void;
}

/** Files of one request that may have thumbnails: the largest ones of so many fit into it. */
const MAX_PICTURED = 8;

/** Failures in a row of one offer that the server answers. */
const MAX_REFUSALS = 6;

/** Gives uploads their shares: one that was left unfinished, or a new one, made together with the others of its call. */
export class Offers {
  readonly #config: OffersConfig;
  readonly #stop = new AbortController();
  #queue: Promise<void> = Promise.resolve();
  #waiting: (() => void)[] = [];

  constructor(config: OffersConfig) {
    this.#config = config;
  }

  /** Aborted when the room is left. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Uploads of one call, with one audience. Calls are served in their order. */
  add(uploads: readonly Upload[]): void {
    if (uploads.length === 0) return;
    this.#queue = this.#queue.then(() => this.#serve([...uploads])).catch(() => undefined); // rejects when stopped only
  }

  /** An upload has ended. */
  freed(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  stop(): void {
    this.#stop.abort();
    this.freed();
  }

  async #serve(uploads: Upload[]): Promise<void> {
    const fresh: Upload[] = [];
    for (const upload of uploads) if (needsShare(upload) && !(await this.#resume(upload))) fresh.push(upload);
    let rest = fresh;
    while (rest.length > 0 && !this.signal.aborted) {
      rest = rest.filter(needsShare);
      const places = this.#config.limits().openUploads - this.#config.files.openUploads();
      if (places <= 0 && this.#config.busy()) {
        await this.#nextFreed();
        continue;
      }
      // With no place and nothing of ours under way, the server says what is the matter.
      const batch = rest.splice(0, Math.max(1, Math.min(places, this.#perRequest(rest))));
      await Promise.all(batch.map((upload) => upload.prepare()));
      await this.#offer(batch);
    }
  }

  /** How many of the uploads, which have one audience, the server takes in one request. */
  #perRequest([first]: readonly Upload[]): number {
    const { filesPerRequest, receiptsPerRequest } = this.#config.limits();
    const files = first?.pictured ? MAX_PICTURED : filesPerRequest;
    if (first === undefined || first.to === 'room') return files;
    return Math.min(files, Math.floor(receiptsPerRequest / first.to.length));
  }

  /** Goes on with a share that an earlier page, or an earlier call, left unfinished. */
  async #resume(upload: Upload): Promise<boolean> {
    for (const share of this.#config.records.find(upload.source, upload.to)) {
      if (this.#config.taken(share)) continue;
      const record = await this.#config.api.share(share, this.signal).catch(asHandoutError);
      if (upload.ended) return true;
      if ('code' in record ? !isTransient(record) : record.state !== 'uploading') {
        this.#config.records.drop(share);
      } else if (!('code' in record) && this.#give(upload, record)) {
        return true;
      }
    }
    return false;
  }

  async #offer(uploads: readonly Upload[]): Promise<void> {
    const [first] = uploads;
    if (first === undefined) return;
    const next = () => new OfferRequest(this.#config.api, first.to, this.signal);
    let request = next();
    let refusals = 0;
    for (let attempt = 1; ; attempt++) {
      const wanted = uploads.filter(needsShare);
      if (wanted.length === 0 && !request.unsure) return;
      try {
        this.#deal(await request.send(wanted));
        request = next(); // for those whose share has ended meanwhile
      } catch (cause) {
        if (this.signal.aborted) throw cause;
        const error = asHandoutError(cause);
        refusals = isNetworkLoss(error) ? 0 : refusals + 1;
        const final = refusals >= MAX_REFUSALS || !isTransient(error);
        if (!(await this.#again(wanted, error, { attempt, final }))) return;
      }
    }
  }

  /** Gives each its share. One that ended while its reply was lost serves nobody. */
  #deal(made: readonly Made[]): void {
    this.#config.files.apply(made.map(({ share }) => share));
    for (const { upload, share } of made) {
      if (hasEnded(share.state) || this.#give(upload, share)) continue;
      this.#config.failed(upload, new HandoutError('internal', 'the server made a share of somebody else'));
    }
  }

  /** Waits until another try makes sense; false when there is none, and all have got their answer. */
  async #again(
    uploads: readonly Upload[],
    error: HandoutError,
    now: { attempt: number; final: boolean },
  ): Promise<boolean> {
    if (error.code === 'too-many-uploads' && this.#config.busy()) {
      await this.#nextFreed();
      return true;
    }
    if (!now.final) {
      if (isNetworkLoss(error)) for (const upload of uploads) upload.advance('paused');
      await this.#config.waker.pause(now.attempt, this.signal);
      for (const upload of uploads) upload.advance('waiting');
      return true;
    }
    // All or none: what is too much together may be fine alone.
    if (uploads.length > 1 && !isTransient(error)) for (const upload of uploads) await this.#offer([upload]);
    else for (const upload of uploads) this.#config.failed(upload, error);
    return false;
  }

  #give(upload: Upload, record: ShareRecord): boolean {
    this.#config.files.apply([record]);
    const file = this.#config.files.byId.get(record.id);
    if (!file?.mine) return false;
    this.#config.made(upload, file);
    return true;
  }

  #nextFreed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** A cancelled upload that was started again while its first offer waited has its share from that one. */
function needsShare(upload: Upload): boolean {
  return !upload.ended && upload.file === undefined;
}
