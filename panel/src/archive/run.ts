import { makeZip } from 'client-zip';
import { isActive, Pace, type Total } from '../model/batch.js';
import { forget } from '../model/bytes.js';
import type { FilePort, ReadingPort, TransferPort } from '../model/ports.js';
import { entryNames } from './names.js';

/** Files that are fetched while one is written. */
const AHEAD = 4;

function letGo(download: ReadingPort): void {
  forget(download);
  download.release();
}

/** A file that is fetched. */
interface Fetched {
  readonly entry: number;
  readonly download: ReadingPort;
  /** Undefined: it could not be fetched; its card says why. */
  readonly content: Promise<File | undefined>;
}

/** One archive on its way. */
export class Run {
  readonly abort = new AbortController();
  readonly files: readonly FilePort[];
  readonly name: string;
  /** Files that could not be saved. */
  missing = 0;
  readonly #names: readonly string[];
  readonly #all: number;
  readonly #pace = new Pace();
  readonly #owned = new Set<TransferPort>();
  #ahead: Fetched[] = [];
  /** Bytes of files that are in the archive, or will not be. */
  #over = 0;

  constructor(files: readonly FilePort[], name: string) {
    this.files = files;
    this.name = name;
    this.#names = entryNames(files);
    this.#all = files.reduce((sum, { size }) => sum + (size ?? 0), 0);
    this.abort.signal.addEventListener('abort', () => this.end()); // else it would be waited for what is fetched now
  }

  owns(transfer: TransferPort): boolean {
    return this.#owned.has(transfer);
  }

  total(now: number): Total {
    const transferred = this.#ahead.reduce(
      (sum, { download: { state, size, progress } }) =>
        sum + (state.kind === 'completed' ? size : progress.transferred),
      this.#over,
    );
    const rate = this.#pace.add(transferred, now) ?? 0;
    const eta = rate > 0 ? (this.#all - transferred) / rate : undefined;
    return { transferred, total: this.#all, rate, eta, uploads: 0, downloads: this.#ahead.length, archive: this.name };
  }

  /** Writes the archive, and closes the stream. */
  write(stream: WritableStream<Uint8Array>): Promise<void> {
    return makeZip(this.#entries(), { buffersAreUTF8: true }).pipeTo(stream, { signal: this.abort.signal });
  }

  /** The files in their order, each when it is verified; what one leaves behind goes when the next is asked for. */
  async *#entries(): AsyncGenerator<{ name: string; lastModified: Date; input: File }> {
    let next = 0;
    const fill = () => {
      for (; next < this.files.length && this.#ahead.length < AHEAD; next++) this.#ahead.push(this.#fetch(next));
    };
    for (fill(); this.#ahead.length > 0; fill()) {
      const [first] = this.#ahead as [Fetched];
      const input = await first.content;
      if (this.abort.signal.aborted) return;
      const { createdAt, size = 0 } = this.files[first.entry] as FilePort;
      if (input === undefined) this.missing++;
      else yield { name: this.#names[first.entry] ?? '', lastModified: createdAt, input };
      letGo(first.download);
      this.#ahead.shift();
      this.#over += size;
    }
  }

  /** Ends what is still on its way. */
  end(): void {
    for (const { download } of this.#ahead) {
      if (isActive(download)) download.cancel();
      else letGo(download);
    }
    this.#ahead = [];
  }

  #fetch(entry: number): Fetched {
    const download = (this.files[entry] as FilePort).download();
    this.#owned.add(download);
    return { entry, download, content: download.done.then((file) => file as File).catch(() => undefined) };
  }
}
