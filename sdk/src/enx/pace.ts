/** At most five progress events a second for each job. */
const leastMs = 200;

/** Says whether a job may tell its progress now. */
export class Pace {
  private last = Number.NEGATIVE_INFINITY;
  private told = -1;

  /** True, and counted as told, when enough time has passed and bytes have moved since the last time. */
  due(transferred: number): boolean {
    const now = performance.now();
    if (transferred === this.told || now - this.last < leastMs) return false;
    this.last = now;
    this.told = transferred;
    return true;
  }
}
