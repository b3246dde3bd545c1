/** How far a transfer is. */
export interface Progress {
  /** Bytes moved. */
  readonly transferred: number;
  /** Bytes to move. */
  readonly total: number;
  /** Bytes a second, smoothed; 0 while nothing moves. */
  readonly rate: number;
  /** Seconds left at this rate; undefined when nobody can know. */
  readonly eta: number | undefined;
}

/** How long ago a sample counts for a third of what it counted. */
const MEMORY_MS = 3_000;
/** Shorter samples say more about buffers than about the network. */
const SAMPLE_MS = 100;

/** Measures a transfer. */
export class Meter {
  #transferred = 0;
  #rate = 0;
  #sampleBytes = 0;
  #sampleAt: number | undefined;
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Bytes moved in all. They may become fewer: what was sent and not kept is sent again. */
  set(transferred: number): void {
    this.#transferred = transferred;
    const now = this.#now();
    if (this.#sampleAt === undefined || transferred < this.#sampleBytes) {
      this.#sampleAt = now;
      this.#sampleBytes = transferred;
      return;
    }
    const elapsed = now - this.#sampleAt;
    if (elapsed < SAMPLE_MS) return;
    const sample = ((transferred - this.#sampleBytes) * 1000) / elapsed;
    const weight = this.#rate === 0 ? 1 : 1 - Math.exp(-elapsed / MEMORY_MS);
    this.#rate += (sample - this.#rate) * weight;
    this.#sampleAt = now;
    this.#sampleBytes = transferred;
  }

  /** Nothing moves now; the time until it does again is not counted. */
  rest(): void {
    this.#rate = 0;
    this.#sampleAt = undefined;
  }

  /** What a reader sees, of so many bytes in all. */
  read(total: number): Progress {
    const left = Math.max(0, total - this.#transferred);
    const eta = left === 0 ? 0 : this.#rate > 0 ? left / this.#rate : undefined;
    return { transferred: Math.min(this.#transferred, total), total, rate: this.#rate, eta };
  }
}
