import { asHandoutError, type HandoutError, throwIfAborted } from './errors.js';
import type { Api } from './http.js';
import type { ShareRecord } from './protocol.js';
import { isNetworkLoss, isTransient, type Waker } from './retry.js';
import { assertReadable, type SendBytes } from './tus.js';

/** What one upload's way to the server needs. */
export interface RunContext {
  readonly api: Pick<Api, 'share' | 'url' | 'authorization'>;
  readonly send: SendBytes;
  readonly waker: Waker;
}

/** One upload on its way. */
export interface Run {
  readonly blob: Blob;
  readonly share: string;
  readonly signal: AbortSignal;
  progress(bytes: number): void;
  paused(): void;
  running(): void;
}

/** Failures in a row that the server answers, without a byte between them. */
const MAX_REFUSALS = 6;

/** Brings every byte to the server, however often the network goes. Rejects with what cannot be mended by trying again. */
export async function bringBytes(context: RunContext, run: Run): Promise<void> {
  let furthest = 0;
  let attempt = 0;
  let refusals = 0;
  const progress = (bytes: number) => {
    if (bytes > furthest) attempt = refusals = 0;
    furthest = Math.max(furthest, bytes);
    run.progress(bytes);
  };
  const url = context.api.url(`/uploads/${encodeURIComponent(run.share)}`);
  for (;;) {
    try {
      run.running();
      await context.send({
        blob: run.blob,
        url,
        authorization: context.api.authorization,
        signal: run.signal,
        progress,
      });
      return;
    } catch (cause) {
      throwIfAborted(run.signal);
      const error = asHandoutError(cause);
      refusals = isNetworkLoss(error) ? 0 : refusals + 1;
      await judge(error, refusals, run);
    }
    await context.waker.pause(++attempt, run.signal);
  }
}

/** Returns when another try makes sense. */
async function judge(error: HandoutError, refusals: number, run: Run): Promise<void> {
  if (!isTransient(error)) throw error;
  if (!isNetworkLoss(error)) {
    if (refusals >= MAX_REFUSALS) throw error;
    return;
  }
  // A file that has gone looks like a lost network to the browser.
  await assertReadable(run.blob);
  run.paused();
}

/** Waits until the record says how the upload ended. The last byte's reply may have been lost, or come before the record. */
export async function recordedEnd(context: RunContext, share: string, signal: AbortSignal): Promise<ShareRecord> {
  for (let attempt = 1; ; attempt++) {
    try {
      const record = await context.api.share(share, signal);
      if (record.state !== 'uploading') return record;
    } catch (cause) {
      throwIfAborted(signal);
      const error = asHandoutError(cause);
      if (!isTransient(error)) throw error;
    }
    await context.waker.pause(attempt, signal);
  }
}
