import type { Arrival, Received } from './arrival.js';
import { asHandoutError, HandoutError, throwIfAborted } from './errors.js';
import { isNetworkLoss, isTransient, type Waker } from './retry.js';

/** What begins to arrive, or goes on to. */
export interface Opening {
  readonly share: string;
  /** Bytes; undefined while the sender has not said. */
  readonly size: number | undefined;
  /** The name of the folder that it is kept in beyond a reload: see download-folder.ts. */
  readonly folder: string;
  /** Whether it ends in the browser's downloads. */
  saves(): boolean;
}

/** Begins to receive, or goes on with what a page before has left. */
export type OpenArrival = (opening: Opening) => Promise<Arrival>;

/** What one download's way here needs. */
export interface FetchContext {
  readonly open: OpenArrival;
  readonly waker: Waker;
}

/** One download on its way. */
export interface Fetch extends Omit<Opening, 'size'> {
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
  /** Whether what is there is kept for another page when the signal ends this. */
  keeps(): boolean;
}

/** Failures in a row that the server answers, without a byte between them. */
const MAX_REFUSALS = 6;

/**
 * Brings every byte here, however often the network goes, and gives the file only
 * if its SHA-256 is the recorded one. Nothing is kept of a download that fails.
 */
export async function fetchFile(context: FetchContext, fetch: Fetch): Promise<File> {
  const { share, folder } = fetch;
  const arrival = await context.open({ share, folder, size: fetch.size(), saves: () => fetch.saves() });
  const before = arrival.bytes;
  try {
    throwIfAborted(fetch.signal);
    if (before > 0) fetch.progress(before);
    await fetchAll(context.waker, fetch, arrival);
    fetch.verifying();
    const [hash, recorded] = await Promise.all([arrival.hash(), fetch.recorded()]);
    if (hash === recorded) return await arrival.finish(fetch.name, fetch.type);
    if (before === 0) throw new HandoutError('hash-mismatch', 'the bytes that came are not the bytes that were sent');
  } catch (error) {
    await arrival.discard(fetch.signal.aborted && fetch.keeps()).catch(() => undefined); // why it failed says more
    throw error;
  }
  // What a page before has left was not what it wrote, as after a power cut: it counts for nothing.
  await arrival.discard(false);
  return fetchFile(context, fetch);
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
