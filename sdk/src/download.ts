import type { SharedFile } from './file.js';
import { Transfer, type TransferControl } from './transfer.js';

/** A download of this page: into a file of the browser, checked against the SHA-256 that the server recorded. */
export class Download extends Transfer<File> {
  readonly kind = 'download';
  /** What is downloaded. */
  readonly file: SharedFile;
  readonly #control: TransferControl<Download>;

  /** @internal */
  constructor(file: SharedFile, control: TransferControl<Download>) {
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

  protected changed(): void {
    this.#control.changed(this);
  }
}
