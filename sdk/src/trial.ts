import { MAX_STREAMS } from './slots.js';

/** Bytes a second that one connection carries where it is not worth while to look for more: 100 Mbit/s. */
const FAST = 12_500_000;
/** Bytes left to send for which a trial pays. */
const WORTH = 64 << 20;
/** What a browser says of a connection's first moments is how large its buffers are. */
const SETTLE_MS = 2_000;
/** How long one connection is watched, and then several. */
const WATCH_MS = 6_000;
/** Several must carry so much more than one, or they only take from others. */
const GAIN = 1.25;

/** How bytes went since a moment. */
class Window {
  readonly #now: () => number;
  #bytes = 0;
  #from = 0;
  #since: number | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Bytes a second, once they have been watched for long enough. What was sent again begins anew. */
  rate(bytes: number): number | undefined {
    const now = this.#now();
    if (this.#since === undefined || bytes < this.#bytes) this.#since = now + SETTLE_MS;
    if (now <= this.#since) this.#from = bytes;
    this.#bytes = bytes;
    const elapsed = now - this.#since;
    return elapsed < WATCH_MS ? undefined : ((bytes - this.#from) * 1000) / elapsed;
  }

  reset(): void {
    this.#since = undefined;
  }
}

/**
 * Finds out how many connections an upload is worth, from how its bytes go: it
 * begins with one, tries several where that is slow, and stays with what is better.
 */
export class Trial {
  readonly #size: number;
  readonly #window: Window;
  #alone: number | undefined;
  #streams = 1;

  /** `size` is that of the whole file; the clock is in milliseconds. */
  constructor(size: number, now: () => number) {
    this.#size = size;
    this.#window = new Window(now);
  }

  /** Connections at once, as of now. */
  get streams(): number {
    return this.#streams;
  }

  /** So many bytes have gone over one connection. Says when several are to be tried. */
  alone(bytes: number): boolean {
    const rate = this.#window.rate(bytes);
    if (rate === undefined) return false;
    this.#window.reset();
    if (rate >= FAST || this.#size - bytes < WORTH) return false;
    this.#alone = rate;
    return true;
  }

  /** Several are used from now on. */
  begin(): void {
    this.#streams = MAX_STREAMS;
    this.#window.reset();
  }

  /** So many bytes have gone, over several connections. */
  several(bytes: number): void {
    if (this.#alone === undefined) return; // decided, or nothing to compare with
    const rate = this.#window.rate(bytes);
    if (rate === undefined) return;
    if (rate < this.#alone * GAIN) this.#streams = 1;
    this.#alone = undefined;
  }

  /** The network is lost: the time until it is back counts for nothing. */
  rest(): void {
    this.#window.reset();
  }
}
