import type { SharedFile } from './file.js';
import { Transfer, type TransferControl } from './transfer.js';

/** Who drives downloads. */
export interface DownloadControl extends TransferControl<Download> {
  release(download: Download): void;
}

/** A download of this page: into a file of the browser, checked against the SHA-256 that the server recorded. */
export class Download extends Transfer<File> {
  readonly kind = 'download';
  /** What is downloaded. */
  readonly file: SharedFile;
  readonly #control: DownloadControl;

  /** @internal */
  constructor(file: SharedFile, control: DownloadControl) {
    super();
    this.file = file;
    this.#control = control;
  }

  get name(): string {
    return this.file.name;
  }

  get type(): string {
    return this.file.type;
  }

  /** Bytes; 0 while the sender has not said. */
  get size(): number {
    return this.file.size ?? 0;
  }

  cancel(): void {
    this.#control.cancel(this);
  }

  retry(): void {
    if (this.canRetry) this.#control.retry(this);
  }

  /**
   * Lets go of the file of a completed download: its bytes leave this device, and `done` rejects with `released` from
   * then on. Without it they stay as long as the page, which is too much for whoever reads many files through. What is
   * handed to the browser's downloads stays.
   */
  release(): void {
    if (this.state.kind === 'completed') this.#control.release(this);
  }

  protected changed(): void {
    this.#control.changed(this);
  }
}
