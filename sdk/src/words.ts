import { asHandoutError } from './errors.js';
import type { Api } from './http.js';
import type { ReceiptWord } from './receipt-records.js';
import { isTransient, Waker } from './retry.js';

/** What telling needs of its room. */
export interface WordsConfig {
  readonly api: Pick<Api, 'receipts'>;
  readonly waker?: Waker;
}

/** Words of one request, as docs/protocol.md, section 7, permits. */
const MAX_WORDS = 200;

/**
 * Tells the senders what has become of their files here: the last word on each file, until the server
 * has it. Words that come together travel together.
 */
export class Words {
  readonly #config: WordsConfig;
  readonly #waker: Waker;
  readonly #stop = new AbortController();
  /** By share. */
  readonly #waiting = new Map<string, ReceiptWord>();
  /** Those of the request that is on its way. */
  #onTheWay: readonly ReceiptWord[] = [];
  #running = false;

  constructor(config: WordsConfig) {
    this.#config = config;
    this.#waker = config.waker ?? new Waker();
  }

  /** Says the word. An older one on the same share that is not told yet is not told any more. */
  say(word: ReceiptWord): void {
    if (this.#stop.signal.aborted) return;
    this.#waiting.set(word.share, word);
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  /** Whether a word on the share has not reached the server, as far as we know. */
  owes(share: string): boolean {
    return this.#waiting.has(share) || this.#onTheWay.some((word) => word.share === share);
  }

  /** The connection is back: nobody needs to wait any longer. */
  wake(): void {
    this.#waker.wake();
  }

  /** Ends it. Who leaves by itself tries once more to tell what is not told. */
  async stop(by: 'me' | 'room'): Promise<void> {
    const owed = new Map(this.#onTheWay.map((word) => [word.share, word]));
    for (const [share, word] of this.#waiting) owed.set(share, word);
    this.#stop.abort();
    this.#waiting.clear();
    if (by === 'room') return;
    const words = [...owed.values()];
    for (let at = 0; at < words.length; at += MAX_WORDS) {
      await this.#config.api.receipts(words.slice(at, at + MAX_WORDS)).catch(() => undefined);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    // What comes into view comes in heaps, and nobody waits to hear of it.
    const onlySeen = [...this.#waiting.values()].every((word) => word.state === 'seen');
    await (onlySeen ? this.#pause(1) : Promise.resolve());
    for (let attempt = 1; this.#waiting.size > 0 && !signal.aborted; ) {
      attempt = (await this.#tell()) ? 1 : attempt + 1;
      if (attempt > 1) await this.#pause(attempt - 1);
    }
    this.#running = false;
  }

  /** One request. False when it is to be made again. */
  async #tell(): Promise<boolean> {
    this.#onTheWay = [...this.#waiting.values()].slice(0, MAX_WORDS);
    for (const { share } of this.#onTheWay) this.#waiting.delete(share);
    try {
      // A word that the server says cannot be is over: the share has ended, say.
      await this.#config.api.receipts(this.#onTheWay);
      return true;
    } catch (cause) {
      if (!isTransient(asHandoutError(cause))) return true;
      if (this.#stop.signal.aborted) return false;
      for (const word of this.#onTheWay) if (!this.#waiting.has(word.share)) this.#waiting.set(word.share, word);
      return false;
    } finally {
      this.#onTheWay = [];
    }
  }

  async #pause(attempt: number): Promise<void> {
    await this.#waker.pause(attempt, this.#stop.signal).catch(() => undefined); // the room was left
  }
}
