import { makeZip } from 'client-zip';
import type { Words } from '../messages/words.js';
import { isActive, Pace, type Total } from '../model/batch.js';
import { forget } from '../model/bytes.js';
import type { FilePort, ReadingPort, TransferPort } from '../model/ports.js';
import { errorText } from '../model/wording.js';
import { archiveName, entryNames } from './names.js';
import { openTarget, type Target } from './target.js';

/** What saving needs of the panel. */
export interface ArchiveDesk {
  words(): Words;
  say(text: string, tone: 'info' | 'error'): void;
  changed(): void;
}

/** Files that are fetched while one is written. */
const AHEAD = 4;

/** Saves many files as one archive, each verified before it is in it: one archive at a time. */
export class Archive {
  readonly #desk: ArchiveDesk;
  readonly #open: typeof openTarget;
  #run: Run | undefined;
  #busy = false;

  constructor(desk: ArchiveDesk, open = openTarget) {
    this.#desk = desk;
    this.#open = open;
  }

  /** How far it is; undefined while there is none. */
  get total(): Total | undefined {
    return this.#run?.total(performance.now());
  }

  /** Whether a transfer is of the archive, which tells of it by itself. */
  owns(transfer: TransferPort): boolean {
    return this.#run?.owns(transfer) ?? false;
  }

  cancel(): void {
    this.#run?.abort.abort();
  }

  /** Saves the files. To be called within a handler of a press: the person may be asked where to. */
  async save(files: readonly FilePort[], called: string): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const name = archiveName(called);
    try {
      const target = await this.#open(name);
      if (target !== undefined) await this.#write(target, new Run(files, name));
    } catch (error) {
      this.#desk.say(errorText(error, this.#desk.words()), 'error');
    } finally {
      this.#busy = false;
    }
  }

  async #write(target: Target, run: Run): Promise<void> {
    this.#run = run;
    this.#desk.changed();
    try {
      const { signal } = run.abort;
      await makeZip(run.entries(), { buffersAreUTF8: true }).pipeTo(target.stream, { signal });
      if (run.missing === run.files.length) await target.discard();
      else await target.finish();
      this.#desk.say(
        this.#desk.words().text('archive.done', {
          name: run.name,
          count: run.files.length - run.missing,
          all: run.files.length,
        }),
        run.missing > 0 ? 'error' : 'info',
      );
    } catch (error) {
      await target.discard();
      if (!run.abort.signal.aborted) throw error;
    } finally {
      run.end();
      this.#run = undefined;
      this.#desk.changed();
    }
  }
}

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
class Run {
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

  /** The files in their order, each when it is verified; what one leaves behind goes when the next is asked for. */
  async *entries(): AsyncGenerator<{ name: string; lastModified: Date; input: File }> {
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
