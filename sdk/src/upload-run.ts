import { type BringContext, bring } from './bring.js';
import { asHandoutError, throwIfAborted } from './errors.js';
import type { Api } from './http.js';
import { bringParts, type PartsRun, partsOf } from './parts.js';
import type { PartRecord, ShareRecord } from './protocol.js';
import { isTransient } from './retry.js';
import type { Slots } from './slots.js';
import { Trial } from './trial.js';
import type { Parallel } from './upload.js';

/** What one upload's way to the server needs. */
export interface RunContext extends BringContext {
  readonly api: Pick<Api, 'share' | 'split' | 'url' | 'authorization'>;
  readonly slots: Slots;
  /** A clock in milliseconds. */
  now(): number;
}

/** One upload on its way. */
export interface Run {
  readonly blob: Blob;
  readonly share: string;
  readonly signal: AbortSignal;
  readonly parallel: Parallel;
  progress(bytes: number): void;
  paused(): void;
  running(): void;
}

/**
 * Brings every byte to the server, however often the network goes; in parts, where
 * several connections are wanted or an earlier run has split the upload. Rejects
 * with what cannot be mended by trying again. Says whether it went in parts.
 */
export async function bringBytes(context: RunContext, run: Run): Promise<boolean> {
  const trial = run.parallel === 'auto' ? new Trial(run.blob.size, () => context.now()) : undefined;
  let wanted = run.parallel !== 'auto' && run.parallel > 1 && partsOf(run.blob.size) > 1;
  for (;;) {
    const parts = wanted ? await split(context, run) : undefined;
    if (parts !== undefined) {
      await bringParts(context, crewOf(run, trial), parts);
      return true;
    }
    // A server that does not split is not asked again.
    wanted = await bringWhole(context, run, wanted ? undefined : trial);
    if (!wanted) return false;
  }
}

/** The run as it goes in parts. */
function crewOf(run: Run, trial: Trial | undefined): PartsRun {
  trial?.begin();
  return {
    ...run,
    streams: () => trial?.streams ?? (run.parallel === 'auto' ? 1 : run.parallel),
    progress: (bytes) => {
      trial?.several(bytes);
      run.progress(bytes);
    },
    paused: () => {
      trial?.rest();
      run.paused();
    },
  };
}

/** Brings the file over one connection. Says whether it is to be brought in parts instead. */
async function bringWhole(context: RunContext, run: Run, trial: Trial | undefined): Promise<boolean> {
  const free = await context.slots.take(true, run.signal);
  const slow = new AbortController();
  try {
    await bring(context, {
      ...run,
      path: `/uploads/${encodeURIComponent(run.share)}`,
      signal: AbortSignal.any([run.signal, slow.signal]),
      progress: (bytes) => {
        run.progress(bytes);
        if (trial?.alone(bytes)) slow.abort();
      },
      paused: () => {
        trial?.rest();
        run.paused();
      },
    });
    return false;
  } catch (cause) {
    throwIfAborted(run.signal);
    if (slow.signal.aborted || asHandoutError(cause).code === 'in-parts') return true;
    throw cause;
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
