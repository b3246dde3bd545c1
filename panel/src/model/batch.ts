import type { CardProgress } from './cards.js';
import type { TransferPort } from './ports.js';

export interface Total extends CardProgress {
  readonly uploads: number;
  readonly downloads: number;
  /** What is made of them, if they are saved as one. */
  readonly archive?: string;
}

/** The rate is that of so long, in milliseconds. */
const WINDOW_MS = 5_000;
/** Before so long has passed, what the transfers themselves measure says more. */
const LEAST_MS = 1_000;

/** How fast a sum grows: many small files are each over before there is a rate of theirs. */
export class Pace {
  #samples: { readonly at: number; readonly bytes: number }[] = [];

  /** Takes in how far it is; bytes a second, undefined while that is not known. */
  add(bytes: number, at: number): number | undefined {
    this.#samples.push({ at, bytes });
    while ((this.#samples[1]?.at ?? at) <= at - WINDOW_MS) this.#samples.shift();
    const [first] = this.#samples;
    if (first === undefined || at - first.at < LEAST_MS) return undefined;
    return (Math.max(0, bytes - first.bytes) * 1000) / (at - first.at);
  }

  clear(): void {
    this.#samples = [];
  }
}

/**
 * The sum over all transfers since the page was last idle. Finished ones stay
 * in it until all are done, so that the bar never jumps back.
 */
export class Batch {
  #members = new Set<TransferPort>();
  readonly #pace = new Pace();

  /** Takes in the page's transfers and returns the sum, or undefined with fewer than two at work. */
  update(transfers: readonly TransferPort[], now = performance.now()): Total | undefined {
    const active = transfers.filter(isActive);
    if (active.length === 0) {
      this.#members.clear();
      this.#pace.clear();
      return undefined;
    }
    for (const transfer of active) this.#members.add(transfer);
    return active.length < 2 ? undefined : this.#sum(active, now);
  }

  #sum(active: readonly TransferPort[], now: number): Total {
    let transferred = 0;
    let total = 0;
    for (const member of this.#members) {
      if (member.state.kind === 'failed' || member.state.kind === 'cancelled') continue;
      total += member.size;
      transferred += member.state.kind === 'completed' ? member.size : member.progress.transferred;
    }
    const rate = this.#pace.add(transferred, now) ?? active.reduce((sum, { progress }) => sum + progress.rate, 0);
    return {
      transferred,
      total,
      rate,
      eta: rate > 0 ? (total - transferred) / rate : undefined,
      uploads: active.filter(({ kind }) => kind === 'upload').length,
      downloads: active.filter(({ kind }) => kind === 'download').length,
    };
  }
}

/** Reports whether a transfer still has something to do. */
export function isActive({ state }: TransferPort): boolean {
  return state.kind === 'waiting' || state.kind === 'running' || state.kind === 'paused' || state.kind === 'verifying';
}
