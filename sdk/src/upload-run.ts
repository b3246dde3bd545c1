import { type BringContext, bring } from './bring.js';
import { asHandoutError, throwIfAborted } from './errors.js';
import type { Api } from './http.js';
import { bringParts, partsOf } from './parts.js';
import type { PartRecord, ShareRecord } from './protocol.js';
import { isTransient } from './retry.js';
import type { Slots } from './slots.js';

/** What one upload's way to the server needs. */
export interface RunContext extends BringContext {
  readonly api: Pick<Api, 'share' | 'split' | 'url' | 'authorization'>;
  readonly slots: Slots;
}

/** One upload on its way. */
export interface Run {
  readonly blob: Blob;
  readonly share: string;
  readonly signal: AbortSignal;
  /** Connections at once, at most. */
  readonly streams: number;
  progress(bytes: number): void;
  paused(): void;
  running(): void;
}

/**
 * Brings every byte to the server, however often the network goes; in parts, if so
 * many connections are wanted or an earlier run has split the upload. Rejects with
 * what cannot be mended by trying again. Says whether it went in parts.
 */
export async function bringBytes(context: RunContext, run: Run): Promise<boolean> {
  let wanted = run.streams > 1 && partsOf(run.blob.size) > 1;
  for (;;) {
    const parts = wanted ? await split(context, run) : undefined;
    if (parts !== undefined) {
      await bringParts(context, { ...run, streams: () => run.streams }, parts);
      return true;
    }
    try {
      await bringWhole(context, run);
      return false;
    } catch (cause) {
      if (asHandoutError(cause).code !== 'in-parts') throw cause;
      wanted = true;
    }
  }
}

async function bringWhole(context: RunContext, run: Run): Promise<void> {
  const free = await context.slots.take(true, run.signal);
  try {
    await bring(context, { ...run, path: `/uploads/${encodeURIComponent(run.share)}` });
  } finally {
    free();
  }
}

/** The upload's parts, as the server cuts them or has cut them; undefined if it does not. */
async function split(context: RunContext, run: Run): Promise<readonly PartRecord[] | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      run.running();
      return await context.api.split(run.share, partsOf(run.blob.size), run.signal);
    } catch (cause) {
      throwIfAborted(run.signal);
      const error = asHandoutError(cause);
      // Hardly anything is left to send, or the server is older than parts.
      if (NOT_SPLIT.includes(error.code)) return undefined;
      if (!isTransient(error)) throw error;
    }
    run.paused();
    await context.waker.pause(attempt, run.signal);
  }
}

const NOT_SPLIT: readonly string[] = ['offset-mismatch', 'not-found', 'method-not-allowed'];

/** Waits until the record says how the upload ended. The last byte's reply may have been lost, or come before the record. */
export async function recordedEnd(
  context: RunContext,
  share: string,
  run: { readonly signal: AbortSignal; readonly inParts: boolean },
): Promise<ShareRecord> {
  for (let attempt = 1; ; attempt++) {
    try {
      const record = await context.api.share(share, run.signal);
      if (record.state !== 'uploading') return record;
      // A server that could not join the parts, say for want of space, tries again when it is asked for them.
      if (run.inParts && attempt > 1) await context.api.split(share, 1, run.signal);
    } catch (cause) {
      throwIfAborted(run.signal);
      const error = asHandoutError(cause);
      if (!isTransient(error)) throw error;
    }
    await context.waker.pause(attempt, run.signal);
  }
}
