import type { Download } from './download.js';
import type { Audience, Sender, ShareRecord, ShareState } from './protocol.js';
import type { Receipt } from './receipts.js';

/** What a file asks of its room. */
export interface FileActions {
  download(file: SharedFile, options: DownloadOptions): Download;
  save(file: SharedFile, options: DownloadOptions): Download;
  link(file: SharedFile): Promise<string>;
  revoke(file: SharedFile): Promise<void>;
  thumbnail(file: SharedFile): Promise<Blob>;
  receipts(file: SharedFile): ReadonlyMap<string, Receipt>;
  markSeen(file: SharedFile): void;
  decline(file: SharedFile): void;
}

/** How to download. */
export interface DownloadOptions {
  /** Cancels the download. */
  readonly signal?: AbortSignal;
}

/** A file offered in the room. It stays, with its state, when it has ended. */
export class SharedFile {
  /** Whether I am its sender. */
  readonly mine: boolean;
  readonly #actions: FileActions;
  #record: ShareRecord;
  #thumbnail: Promise<Blob | undefined> | undefined;

  /** @internal */
  constructor(record: ShareRecord, mine: boolean, actions: FileActions) {
    this.#record = record;
    this.mine = mine;
    this.#actions = actions;
  }

  /** The share's id. */
  get id(): string {
    return this.#record.id;
  }

  /** The file's name, as the server cleaned it: never with a path. */
  get name(): string {
    return this.#record.name;
  }

  /**
   * The folders that it lies in, from the one that was shared, with "/" between and without its name; empty for a file
   * that was shared by itself. A word of the sender's, cleaned by the server.
   */
  get path(): string {
    return this.#record.path ?? '';
  }

  /** The MIME type that the sender said. */
  get type(): string {
    return this.#record.type;
  }

  /** Bytes; undefined while the sender has not said. */
  get size(): number | undefined {
    return this.#record.size;
  }

  get sender(): Sender {
    return this.#record.sender;
  }

  /** For whom it is. Only its sender learns the whole list; a recipient sees itself. */
  get to(): Audience {
    return this.#record.to;
  }

  get state(): ShareState {
    return this.#record.state;
  }

  /** Why it ended: an error code. */
  get reason(): string | undefined {
    return this.#record.reason;
  }

  /** Bytes that the server has received, as of the last news: while it is uploading, at most twice a second. */
  get offset(): number {
    return this.#record.offset;
  }

  /** The SHA-256 of its bytes in lower-case hex, once it is available. */
  get sha256(): string | undefined {
    return this.#record.sha256;
  }

  get createdAt(): Date {
    return new Date(this.#record.createdAt);
  }

  /** When it ends at the latest; a room that stays empty ends it sooner. */
  get expiresAt(): Date {
    return new Date(this.#record.expiresAt);
  }

  get availableAt(): Date | undefined {
    return this.#record.availableAt === undefined ? undefined : new Date(this.#record.availableAt);
  }

  /** Whether there is a {@link SharedFile.thumbnail}: it goes when the file ends. */
  get hasThumbnail(): boolean {
    return this.#record.thumbnail === true;
  }

  /**
   * The small picture that the sender's page has made of it, of at most 16 KiB: asked of the server once. Undefined
   * without one, and when it cannot be had now.
   */
  thumbnail(): Promise<Blob | undefined> {
    if (!this.hasThumbnail) return Promise.resolve(undefined);
    this.#thumbnail ??= this.#actions.thumbnail(this).catch(() => {
      this.#thumbnail = undefined; // the next call asks again
      return undefined;
    });
    return this.#thumbnail;
  }

  /**
   * Who has it, for its sender: what has become of it at each recipient, by participant id. Everybody whom
   * the file is for is there, late joiners included, and whoever has left after doing something with it.
   * For others it is empty. It follows what happens; the room tells of each change with `receipts-changed`.
   */
  get receipts(): ReadonlyMap<string, Receipt> {
    return this.#actions.receipts(this);
  }

  /** Tells the sender that it was before my eyes. It may be called as often as that is so. */
  markSeen(): void {
    this.#actions.markSeen(this);
  }

  /** Tells the sender that I do not want it, and cancels my download of it. I may download it all the same later. */
  decline(): void {
    this.#actions.decline(this);
  }

  /**
   * Downloads the file and checks it against its SHA-256. A second call while one
   * runs joins it. A file that is still uploading comes as its sender sends it, and is
   * complete when that is.
   */
  download(options: DownloadOptions = {}): Download {
    return this.#actions.download(this, options);
  }

  /** Downloads and checks the file, then hands it to the browser's downloads under its own name. */
  save(options: DownloadOptions = {}): Download {
    return this.#actions.save(this, options);
  }

  /** An address for one download within a minute, without a header. What comes from it is not checked by the SDK. */
  link(): Promise<string> {
    return this.#actions.link(this);
  }

  /** Withdraws the file: for its sender, and for moderators. */
  revoke(): Promise<void> {
    return this.#actions.revoke(this);
  }

  /**
   * Takes a record that is not older than the one it has; says whether anything changed.
   * @internal
   */
  update(record: ShareRecord): boolean {
    const old = this.#record;
    if (record.rev < old.rev) return false;
    // The offset is not part of the revision, and a record may have been on its way for long.
    const offset = record.rev === old.rev ? Math.max(record.offset, old.offset) : record.offset;
    if (record.rev === old.rev && record.state === old.state && offset === old.offset) return false;
    this.#record = { ...record, offset };
    return true;
  }

  /**
   * The server has received so many bytes; says whether that is news.
   * @internal
   */
  moveTo(offset: number): boolean {
    if (this.state !== 'uploading' || offset <= this.offset) return false;
    this.#record = { ...this.#record, offset };
    return true;
  }

  /**
   * Ends a file that the server no longer knows.
   * @internal
   */
  forget(): void {
    this.#record = { ...this.#record, state: this.state === 'uploading' ? 'failed' : 'expired' };
  }
}
