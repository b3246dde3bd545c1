/** At most five progress events a second for each job. */
const leastMs = 200;
/** Timers may fire a little early; what comes so is not put off to the next one. */
const slackMs = 5;

/** Says whether a job may tell its progress now. */
export class Pace {
  private next = Number.NEGATIVE_INFINITY;
  private told = -1;

  /** True, and counted as told, when enough time has passed and bytes have moved since the last time. */
  due(transferred: number): boolean {
    const now = performance.now();
    if (transferred === this.told || now < this.next - slackMs) return false;
    this.next = Math.max(this.next, now) + leastMs;
    this.told = transferred;
    return true;
  }
}
