import type { CardProgress } from './cards.js';
import type { TransferPort } from './ports.js';

export interface Total extends CardProgress {
  readonly uploads: number;
  readonly downloads: number;
}

/**
 * The sum over all transfers since the page was last idle. Finished ones stay
 * in it until all are done, so that the bar never jumps back.
 */
export class Batch {
  #members = new Set<TransferPort>();

  /** Takes in the page's transfers and returns the sum, or undefined with fewer than two at work. */
  update(transfers: readonly TransferPort[]): Total | undefined {
    const active = transfers.filter(isActive);
    if (active.length === 0) {
      this.#members.clear();
      return undefined;
    }
    for (const transfer of active) this.#members.add(transfer);
    return active.length < 2 ? undefined : this.#sum(active);
  }

  #sum(active: readonly TransferPort[]): Total {
    let transferred = 0;
    let total = 0;
    for (const member of this.#members) {
      if (member.state.kind === 'failed' || member.state.kind === 'cancelled') continue;
      total += member.size;
      transferred += member.state.kind === 'completed' ? member.size : member.progress.transferred;
    }
    const rate = active.reduce((sum, { progress }) => sum + progress.rate, 0);
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
