import { type BringContext, bring } from './bring.js';
import type { PartRecord } from './protocol.js';
import type { Slots } from './slots.js';

/** What the parts of an upload need on their way. */
export interface PartsContext extends BringContext {
  readonly slots: Slots;
}

/** An upload that comes in parts. */
export interface PartsRun {
  /** The whole file. */
  readonly blob: Blob;
  readonly signal: AbortSignal;
  /** Connections at once, at most; it may change on the way. */
  streams(): number;
  /** Bytes of the file that the server has, or that are on their way to it. */
  progress(bytes: number): void;
  paused(): void;
  running(): void;
}

/** No part is smaller but the last: each costs a question and an answer. */
const PART_BYTES = 8 << 20;
/** The server takes no more. */
const MAX_PARTS = 64;

/**
 * How many parts a file of that size comes in, 1 if it is not worth it. They are
 * many and not as many as there are connections: recipients follow a file as far
 * as it is without a gap.
 */
export function partsOf(bytes: number): number {
  return Math.max(1, Math.min(MAX_PARTS, Math.floor(bytes / PART_BYTES)));
}

/**
 * Brings the parts to the server, a few at once and the first ones first. Rejects
 * with what cannot be mended by trying again; then nothing is on its way any more.
 */
export async function bringParts(context: PartsContext, run: PartsRun, parts: readonly PartRecord[]): Promise<void> {
  const over = new AbortController();
  const crew = new Crew(context, run, parts, AbortSignal.any([run.signal, over.signal]));
  const stop = (cause: unknown): never => {
    over.abort();
    throw cause;
  };
  const outcomes = await Promise.allSettled(crew.workers().map((worker) => worker.catch(stop)));
  // What fails first aborts the others, so that theirs is no cause but a consequence.
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  const [first] = failures.filter(({ code }) => code !== 'cancelled').concat(failures);
  if (first !== undefined) throw first;
}

/** Those who bring the parts of one file. */
class Crew {
  readonly #context: PartsContext;
  readonly #run: PartsRun;
  readonly #parts: readonly PartRecord[];
  readonly #signal: AbortSignal;
  /** Bytes that are there or on their way, by part. */
  readonly #have: number[];
  /** Parts that nobody brings yet. */
  readonly #todo: number[];
  /** Parts on their way, and those of them that wait for the network. */
  readonly #going = new Set<number>();
  readonly #lost = new Set<number>();

  constructor(context: PartsContext, run: PartsRun, parts: readonly PartRecord[], signal: AbortSignal) {
    this.#context = context;
    this.#run = run;
    this.#parts = parts;
    this.#signal = signal;
    this.#have = parts.map(({ received }) => received);
    this.#todo = parts.flatMap(({ received, size }, i) => (received < size ? [i] : []));
  }

  /** One for each connection; the first goes on alone when fewer are wanted. */
  workers(): Promise<void>[] {
    this.#tell();
    return Array.from({ length: Math.max(1, this.#run.streams()) }, (_, i) => this.#work(i));
  }

  async #work(worker: number): Promise<void> {
    while (this.#todo.length > 0 && (worker === 0 || worker < this.#run.streams())) {
      const free = await this.#context.slots.take(worker === 0, this.#signal);
      try {
        const part = this.#todo.shift();
        if (part !== undefined) await this.#bring(part);
      } finally {
        free();
      }
    }
  }

  async #bring(i: number): Promise<void> {
    const { offset, size, uploadUrl } = this.#parts[i] as PartRecord;
    this.#going.add(i);
    await bring(this.#context, {
      blob: this.#run.blob.slice(offset, offset + size),
      path: uploadUrl,
      signal: this.#signal,
      progress: (bytes) => {
        this.#have[i] = bytes;
        this.#tell();
      },
      paused: () => {
        this.#lost.add(i);
        if (this.#lost.size === this.#going.size) this.#run.paused();
      },
      running: () => {
        this.#lost.delete(i);
        this.#run.running();
      },
    });
    this.#going.delete(i);
    this.#lost.delete(i);
    this.#have[i] = size;
    this.#tell();
  }

  #tell(): void {
    const before = this.#parts[0]?.offset ?? 0;
    this.#run.progress(this.#have.reduce((sum, bytes) => sum + bytes, before));
  }
}
