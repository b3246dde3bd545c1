/** Writes what went wrong in an application's own listeners to the console. */
export class LevelLogger {
  /** 0 debug, 1 trace, 2 info, 3 warning, 4 error, 5 nothing. */
  private level = 4;

  /** Sets the least level that is written; anything that is no level from 0 to 5 is ignored. */
  setLogLevel(level: number): void {
    const wanted = Number(level);
    if (Number.isInteger(wanted) && wanted >= 0 && wanted <= 5) this.level = wanted;
  }

  /** Writes an error with its cause. */
  error(what: string, cause: unknown): void {
    if (this.level <= 4) console.error(`EnxRtc: ${what}`, cause);
  }
}

/** `EnxRtc.Logger`: one for the page, as applications set its level before they have a room. */
export const Logger = new LevelLogger();
