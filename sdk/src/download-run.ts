import { createSHA256, type IHasher } from 'hash-wasm';
import { asHandoutError, HandoutError, throwIfAborted } from './errors.js';
import { type Api, asNetworkError } from './http.js';
import { isNetworkLoss, isTransient, type Waker } from './retry.js';
import type { OpenSink, Sink } from './sink.js';

/** What one download's way here needs. */
export interface FetchContext {
  readonly api: Pick<Api, 'content'>;
  readonly open: OpenSink;
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
/** A connection that brings nothing for so long is given up for a new one. */
const STALL_MS = 30_000;

/** What has arrived, and the hash of it. */
interface Arrived {
  readonly sink: Sink;
  readonly hash: IHasher;
  bytes: number;
}

/**
 * Brings every byte here, however often the network goes, and gives the file only
 * if its SHA-256 is the recorded one. Nothing is kept of a download that fails.
 */
export async function fetchFile(context: FetchContext, fetch: Fetch): Promise<File> {
  const arrived: Arrived = { sink: await context.open(fetch.size() ?? 0), hash: await createSHA256(), bytes: 0 };
  try {
    await fetchAll(context, fetch, arrived);
    fetch.verifying();
    if (arrived.hash.digest('hex') !== (await fetch.recorded())) {
      throw new HandoutError('hash-mismatch', 'the bytes that came are not the bytes that were sent');
    }
    return await arrived.sink.finish(fetch.name, fetch.type);
  } catch (error) {
    await arrived.sink.discard();
    throw error;
  }
}

async function fetchAll(context: FetchContext, fetch: Fetch, arrived: Arrived): Promise<void> {
  let attempt = 0;
  let refusals = 0;
  while (arrived.bytes !== fetch.size()) {
    const before = arrived.bytes;
    try {
      if (await fetchRest(context.api, fetch, arrived)) return;
      fetch.waiting();
      continue;
    } catch (cause) {
      throwIfAborted(fetch.signal);
      const error = asHandoutError(cause);
      if (arrived.bytes > before) attempt = 0;
      refusals = isNetworkLoss(error) || arrived.bytes > before ? 0 : refusals + 1;
      judge(error, refusals, fetch);
    }
    await context.waker.pause(++attempt, fetch.signal);
  }
}

/** Returns when another try makes sense. */
function judge(error: HandoutError, refusals: number, fetch: Fetch): void {
  if (!isTransient(error)) throw error;
  if (isNetworkLoss(error)) fetch.paused();
  else if (refusals >= MAX_REFUSALS) throw error;
}

/** One request, from where the last one ended. False if it is to be made again because the sender sends nothing. */
async function fetchRest(api: FetchContext['api'], fetch: Fetch, arrived: Arrived): Promise<boolean> {
  const stalled = new AbortController();
  const signal = AbortSignal.any([fetch.signal, stalled.signal]);
  let timer = setTimeout(() => stalled.abort(), STALL_MS);
  try {
    const response = await api.content(fetch.share, rangeFrom(fetch.share, arrived.bytes), signal);
    await placeAt(response, arrived);
    fetch.running();
    for await (const piece of pieces(response)) {
      clearTimeout(timer);
      timer = setTimeout(() => stalled.abort(), STALL_MS);
      await take(fetch, arrived, piece);
    }
  } catch (error) {
    if (stalled.signal.aborted && !fetch.signal.aborted) {
      if (fetch.following()) return false;
      throw new HandoutError('network', 'nothing came for too long', { cause: error });
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
  if (arrived.bytes < (fetch.size() ?? 0)) {
    throw new HandoutError('network', 'the connection ended before the file did');
  }
  return true;
}

/** The id stands for the bytes of the share from its first one on, before they have a hash. */
function rangeFrom(share: string, bytes: number): Record<string, string> {
  if (bytes === 0) return {};
  return { Range: `bytes=${bytes}-`, 'If-Range': `"${share}"` };
}

/** Makes sure that the response goes on where we are; one that begins at the beginning makes us begin again. */
async function placeAt(response: Response, arrived: Arrived): Promise<void> {
  if (response.status === 206) {
    const from = /^bytes (\d+)-/.exec(response.headers.get('Content-Range') ?? '')?.[1];
    if (Number(from) === arrived.bytes) return;
    await response.body?.cancel();
    throw new HandoutError('internal', 'the server sent another part than it was asked for');
  }
  if (arrived.bytes === 0) return;
  await arrived.sink.restart();
  arrived.hash.init();
  arrived.bytes = 0;
}

async function take(fetch: Fetch, arrived: Arrived, piece: Uint8Array<ArrayBuffer>): Promise<void> {
  if (arrived.bytes + piece.length > (fetch.size() ?? Number.POSITIVE_INFINITY)) {
    throw new HandoutError('hash-mismatch', 'more bytes came than were sent');
  }
  await arrived.sink.write(piece);
  arrived.hash.update(piece);
  arrived.bytes += piece.length;
  fetch.progress(arrived.bytes);
}

/** The body's pieces; a body that breaks off is a lost network. */
async function* pieces(response: Response): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  let whole = false;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => Promise.reject(asNetworkError(error)));
      whole = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!whole) await reader.cancel().catch(() => undefined); // it has broken off already
  }
}
