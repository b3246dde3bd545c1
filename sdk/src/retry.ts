import { cancelledError, type HandoutError } from './errors.js';

/** How long to wait between tries. */
export interface Backoff {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/** For requests and transfers: quick at first, and never hammering a server that is ill. */
export const DEFAULT_BACKOFF: Backoff = { minDelayMs: 300, maxDelayMs: 15_000 };

/** The clock and the dice, so that tests can hold both. */
export interface Patience {
  /** Waits; rejects with `cancelled` when the signal says so. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** From 0 to 1. */
  random(): number;
}

/**
 * The delay before try number `attempt` (from 1): doubling, and spread over its
 * upper half so that a hundred clients of one restarted server come one by one.
 */
export function delayBefore(attempt: number, backoff: Backoff, random: () => number): number {
  const full = Math.min(backoff.maxDelayMs, backoff.minDelayMs * 2 ** Math.min(attempt - 1, 30));
  return full * (0.5 + random() / 2);
}

/** Waits. An `online` event of the browser ends the wait early: that is what it waited for. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(cancelledError());
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      globalThis.removeEventListener?.('online', onTime);
    };
    const onTime = () => {
      stop();
      resolve();
    };
    const onAbort = () => {
      stop();
      reject(cancelledError());
    };
    const timer = setTimeout(onTime, ms);
    signal?.addEventListener('abort', onAbort);
    globalThis.addEventListener?.('online', onTime);
  });
}

/** The real clock and dice. */
export const patience: Patience = { sleep, random: Math.random };

const TRANSIENT: readonly string[] = [
  'internal',
  'storage-failed',
  'upload-busy',
  'upload-preempted',
  'offset-mismatch',
  'checksum-mismatch',
  'too-slow',
];

const LATER: readonly string[] = ['network', 'unavailable', 'too-many-requests'];

/** Whether there was no answer, or none but to come later: then it is worth trying for as long as the room lives. */
export function isNetworkLoss(error: HandoutError): boolean {
  return LATER.includes(error.code);
}

/** Whether the same request may succeed later. */
export function isTransient(error: HandoutError): boolean {
  return isNetworkLoss(error) || TRANSIENT.includes(error.code);
}

/** A sleep that ends early when something better than time has come, such as a connection. */
export class Waker {
  readonly #patience: Patience;
  #wake = new AbortController();

  constructor(wait: Patience = patience) {
    this.#patience = wait;
  }

  /** Waits before try number `attempt`; rejects with `cancelled` when the signal says so. */
  async pause(attempt: number, signal: AbortSignal): Promise<void> {
    const ms = delayBefore(attempt, DEFAULT_BACKOFF, this.#patience.random);
    await this.#patience.sleep(ms, AbortSignal.any([signal, this.#wake.signal])).catch(() => undefined);
    if (signal.aborted) throw cancelledError();
  }

  /** Ends all sleeps of this moment. */
  wake(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
  }
}
