import type { SharedFile } from './file.js';
import { base64 } from './http.js';
import type { Audience } from './protocol.js';
import { sleep } from './retry.js';
import type { SourceFile } from './source.js';
import { Transfer, type TransferControl } from './transfer.js';

/** How many connections one large file may use at once, from 1 to 4; `auto` finds out. */
export type Parallel = number | 'auto';

/** Makes a small picture of a file: at most 16 KiB of `image/webp`, `image/jpeg` or `image/png`; undefined for none. */
export type MakeThumbnail = (file: File) => Promise<Blob | undefined>;

/** What an upload is beside its file. */
export interface UploadOptions {
  readonly to: Audience;
  readonly parallel: Parallel;
  readonly thumbnail?: MakeThumbnail | undefined;
}

/** The most that a server takes, in bytes. */
const MAX_THUMBNAIL_BYTES = 16 << 10;
/** A file goes without its picture if that takes longer. */
const THUMBNAIL_MS = 5_000;

/** An upload of this page. It is completed when the server has recorded the share as available. */
export class Upload extends Transfer<SharedFile> {
  readonly kind = 'upload';
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** The folders it lies in, with "/" between; empty for none. */
  readonly path: string;
  /** For whom it is. */
  readonly to: Audience;
  /** @internal Connections at once, at most. */
  readonly parallel: Parallel;
  /** @internal */
  readonly source: SourceFile;
  /** @internal In base64, once it is prepared. */
  thumbnail: string | undefined;
  readonly #control: TransferControl<Upload>;
  readonly #make: MakeThumbnail | undefined;
  #prepared: Promise<void> | undefined;
  #file: SharedFile | undefined;

  /** @internal */
  constructor(source: SourceFile, how: UploadOptions, control: TransferControl<Upload>) {
    super();
    this.source = source;
    this.name = source.name;
    this.type = source.type;
    this.size = source.blob.size;
    this.path = source.path;
    this.#make = how.thumbnail;
    this.to = how.to;
    this.parallel = how.parallel;
    this.#control = control;
  }

  /** What the others see of it; undefined until the server has made it. */
  get file(): SharedFile | undefined {
    return this.#file;
  }

  cancel(): void {
    this.#control.cancel(this);
  }

  retry(): void {
    if (this.canRetry) this.#control.retry(this);
  }

  /** @internal Whether a thumbnail may go with its offer. */
  get pictured(): boolean {
    return this.#make !== undefined;
  }

  /** @internal Makes its thumbnail, once; without one it goes as well. */
  async prepare(): Promise<void> {
    if (this.#make === undefined) return;
    this.#prepared ??= this.#picture(this.#make).catch(() => undefined);
    await this.#prepared;
  }

  async #picture(make: MakeThumbnail): Promise<void> {
    const over = new AbortController();
    const late = sleep(THUMBNAIL_MS, over.signal);
    const picture = await Promise.race([make(this.source.blob as File), late]).finally(() => over.abort());
    if (picture && picture.size <= MAX_THUMBNAIL_BYTES) {
      this.thumbnail = base64(new Uint8Array(await picture.arrayBuffer()));
    }
  }

  /** @internal */
  assign(file: SharedFile | undefined): void {
    this.#file = file;
  }

  protected changed(): void {
    this.#control.changed(this);
  }
}
