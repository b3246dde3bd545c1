import type { SharedFile } from './file.js';
import type { Audience } from './protocol.js';
import type { SourceFile } from './source.js';
import { Transfer, type TransferControl } from './transfer.js';

/** How many connections one large file may use at once, from 1 to 4; `auto` finds out. */
export type Parallel = number | 'auto';

/** An upload of this page. It is completed when the server has recorded the share as available. */
export class Upload extends Transfer<SharedFile> {
  readonly kind = 'upload';
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** For whom it is. */
  readonly to: Audience;
  /** @internal Connections at once, at most. */
  readonly parallel: Parallel;
  /** @internal */
  readonly source: SourceFile;
  readonly #control: TransferControl<Upload>;
  #file: SharedFile | undefined;

  /** @internal */
  constructor(source: SourceFile, how: { to: Audience; parallel: Parallel }, control: TransferControl<Upload>) {
    super();
    this.source = source;
    this.name = source.name;
    this.type = source.type;
    this.size = source.blob.size;
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

  /** @internal */
  assign(file: SharedFile | undefined): void {
    this.#file = file;
  }

  protected changed(): void {
    this.#control.changed(this);
  }
}
