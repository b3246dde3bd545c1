import type { Words } from '../messages/words.js';
import type { Total } from '../model/batch.js';
import type { FilePort, TransferPort } from '../model/ports.js';
import { errorText } from '../model/wording.js';
import { archiveName } from './names.js';
import type { Run } from './run.js';
import { openTarget, type Target } from './target.js';

/** What saving needs of the panel. */
export interface ArchiveDesk {
  words(): Words;
  say(text: string, tone: 'info' | 'error'): void;
  changed(): void;
}

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
      if (target !== undefined) await this.#write(target, files, name);
    } catch (error) {
      this.#desk.say(errorText(error, this.#desk.words()), 'error');
    } finally {
      this.#busy = false;
    }
  }

  async #write(target: Target, files: readonly FilePort[], name: string): Promise<void> {
    let run: Run | undefined;
    try {
      const { Run } = await import('./run.js'); // it comes when it is needed
      run = new Run(files, name);
      this.#run = run;
      this.#desk.changed();
      await run.write(target.stream);
      if (run.missing === files.length) await target.discard();
      else await target.finish();
      this.#say(files.length, run);
    } catch (error) {
      await target.discard();
      if (!run?.abort.signal.aborted) throw error;
    } finally {
      run?.end();
      this.#run = undefined;
      this.#desk.changed();
    }
  }

  #say(all: number, { name, missing }: Run): void {
    const text = this.#desk.words().text('archive.done', { name, count: all - missing, all });
    this.#desk.say(text, missing > 0 ? 'error' : 'info');
  }
}
