import { asHandoutError, type HandoutError, throwIfAborted } from './errors.js';
import type { Api } from './http.js';
import { isNetworkLoss, isTransient, type Waker } from './retry.js';
import { assertReadable, type SendBytes } from './tus.js';

/** What bytes on their way to the server need. */
export interface BringContext {
  readonly api: Pick<Api, 'url' | 'authorization'>;
  readonly send: SendBytes;
  readonly waker: Waker;
}

/** Bytes on their way to one upload of the server: those of a file, or of a part of one. */
export interface Way {
  readonly blob: Blob;
  /** The upload's address, relative to the origin. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Bytes that the server has, or that are on their way to it. */
  progress(bytes: number): void;
  /** The network is lost. */
  paused(): void;
  running(): void;
}

/** Failures in a row that the server answers, without a byte between them. */
const MAX_REFUSALS = 6;

/** Brings every byte to the server, however often the network goes. Rejects with what cannot be mended by trying again. */
export async function bring(context: BringContext, way: Way): Promise<void> {
  let furthest = 0;
  let attempt = 0;
  let refusals = 0;
  const progress = (bytes: number) => {
    if (bytes > furthest) attempt = refusals = 0;
    furthest = Math.max(furthest, bytes);
    way.progress(bytes);
  };
  const url = context.api.url(way.path);
  for (;;) {
    try {
      way.running();
      await context.send({
        blob: way.blob,
        url,
        authorization: context.api.authorization,
        signal: way.signal,
        progress,
      });
      return;
    } catch (cause) {
      throwIfAborted(way.signal);
      const error = asHandoutError(cause);
      refusals = isNetworkLoss(error) ? 0 : refusals + 1;
      await judge(error, refusals, way);
    }
    await context.waker.pause(++attempt, way.signal);
  }
}

/** Returns when another try makes sense. */
async function judge(error: HandoutError, refusals: number, way: Way): Promise<void> {
  if (!isTransient(error)) throw error;
  if (!isNetworkLoss(error)) {
    if (refusals >= MAX_REFUSALS) throw error;
    return;
  }
  // A file that has gone looks like a lost network to the browser.
  await assertReadable(way.blob);
  way.paused();
}
