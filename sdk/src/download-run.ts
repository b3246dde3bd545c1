import type { Arrival, Received } from './arrival.js';
import { asHandoutError, HandoutError, throwIfAborted } from './errors.js';
import { isNetworkLoss, isTransient, type Waker } from './retry.js';

/** Begins to receive a share of so many bytes; undefined while the sender has not said. */
export type OpenArrival = (share: string, size: number | undefined) => Promise<Arrival>;

/** What one download's way here needs. */
export interface FetchContext {
  readonly open: OpenArrival;
  readonly waker: Waker;
}

/** One download on its way. */
export interface Fetch {
  readonly share: string;
  readonly name: string;
  readonly type: string;
  readonly signal: AbortSignal;
  /** Bytes; undefined while the sender has not said. */
  size(): number | undefined;
  /** Whether the sender still uploads: then bytes come when it sends them. */
  following(): boolean;
  /** The recorded SHA-256 in lower-case hex, as soon as the share is complete. */
  recorded(): Promise<string>;
  progress(bytes: number): void;
  /** The sender sends nothing. */
  waiting(): void;
  /** The network is gone. */
  paused(): void;
  running(): void;
  verifying(): void;
}

/** Failures in a row that the server answers, without a byte between them. */
const MAX_REFUSALS = 6;

/**
 * Brings every byte here, however often the network goes, and gives the file only
 * if its SHA-256 is the recorded one. Nothing is kept of a download that fails.
 */
export async function fetchFile(context: FetchContext, fetch: Fetch): Promise<File> {
  const arrival = await context.open(fetch.share, fetch.size());
  try {
    await fetchAll(context.waker, fetch, arrival);
    fetch.verifying();
    const [hash, recorded] = await Promise.all([arrival.hash(), fetch.recorded()]);
    if (hash !== recorded) {
      throw new HandoutError('hash-mismatch', 'the bytes that came are not the bytes that were sent');
    }
    return await arrival.finish(fetch.name, fetch.type);
  } catch (error) {
    await arrival.discard().catch(() => undefined); // why it failed says more
    throw error;
  }
}

async function fetchAll(waker: Waker, fetch: Fetch, arrival: Arrival): Promise<void> {
  let attempt = 0;
  let refusals = 0;
  while (arrival.bytes !== fetch.size()) {
    const before = arrival.bytes;
    try {
      if (over(await receive(fetch, arrival), fetch, arrival)) return;
      fetch.waiting();
      continue;
    } catch (cause) {
      throwIfAborted(fetch.signal);
      const error = asHandoutError(cause);
      if (arrival.bytes > before) attempt = 0;
      refusals = isNetworkLoss(error) || arrival.bytes > before ? 0 : refusals + 1;
      judge(error, refusals, fetch);
    }
    await waker.pause(++attempt, fetch.signal);
  }
}

function receive(fetch: Fetch, arrival: Arrival): Promise<Received> {
  throwIfAborted(fetch.signal);
  return arrival.receive({
    size: fetch.size(),
    signal: fetch.signal,
    running: () => fetch.running(),
    progress: (bytes) => fetch.progress(bytes),
  });
}

/** Whether everything has come. A sender that sends nothing is waited for, on a new connection. */
function over(received: Received, fetch: Fetch, { bytes }: Arrival): boolean {
  if (received === 'quiet') {
    if (fetch.following()) return false;
    throw new HandoutError('network', 'nothing came for too long');
  }
  if (bytes < (fetch.size() ?? 0)) throw new HandoutError('network', 'the connection ended before the file did');
  return true;
}

/** Returns when another try makes sense. */
function judge(error: HandoutError, refusals: number, fetch: Fetch): void {
  if (!isTransient(error)) throw error;
  if (isNetworkLoss(error)) fetch.paused();
  else if (refusals >= MAX_REFUSALS) throw error;
}
