import { throwIfAborted } from './errors.js';

/** Browsers open six connections to a server; the others are for its words. */
export const MAX_STREAMS = 4;

/** The connections that the uploads of a page may use at once. Each upload's first goes before anybody's second. */
export class Slots {
  #free = MAX_STREAMS;
  readonly #first: (() => void)[] = [];
  readonly #more: (() => void)[] = [];

  /**
   * Waits for a connection. The caller calls what it resolves with when it is done with it.
   * @throws HandoutError `cancelled` when the signal says so
   */
  async take(first: boolean, signal: AbortSignal): Promise<() => void> {
    throwIfAborted(signal);
    if (this.#free > 0) this.#free--;
    else await this.#wait(first ? this.#first : this.#more, signal);
    let held = true;
    return () => {
      if (held) this.#give();
      held = false;
    };
  }

  #wait(queue: (() => void)[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const mine = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        queue.splice(queue.indexOf(mine), 1);
        try {
          throwIfAborted(signal);
        } catch (cause) {
          reject(cause);
        }
      };
      signal.addEventListener('abort', onAbort, { once: true });
      queue.push(mine);
    });
  }

  #give(): void {
    const next = this.#first.shift() ?? this.#more.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
