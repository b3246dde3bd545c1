/** The `reconnect` argument of connect() and joinRoom(), read. */
export interface Reconnect {
  allowed: boolean;
  /** How long to go on trying; undefined leaves it to the core. */
  patienceMs: number | undefined;
}

const defaultAttempts = 3;
const defaultIntervalMs = 10_000;

/**
 * Reads `{allow_reconnect, number_of_attempts, timeout_interval}`. Attempts
 * times interval is how long the application waits for the network; within it
 * the core tries as fast as it sees fit, which is sooner than the interval.
 */
export function readReconnect(value: unknown): Reconnect {
  const given = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const attempts = positive(given.number_of_attempts);
  const interval = positive(given.timeout_interval);
  const bounded = attempts !== undefined || interval !== undefined;
  return {
    allowed: given.allow_reconnect !== false,
    patienceMs: bounded ? (attempts ?? defaultAttempts) * (interval ?? defaultIntervalMs) : undefined,
  };
}

function positive(value: unknown): number | undefined {
  const number = Number(value);
  return value !== null && Number.isFinite(number) && number > 0 ? number : undefined;
}

/** Why a room was disconnected, as the event says it. */
export interface Cause {
  cause: number;
  msg: string;
}

/** The cause of a core reason. */
export function causeOf(reason: string): Cause {
  switch (reason) {
    case 'left':
      return { cause: 2006, msg: 'normal-disconnect' };
    case 'dropped':
      return { cause: 2001, msg: 'disconnected-by-moderator' };
    default:
      return { cause: 2002, msg: 'unexpected-disconnect' };
  }
}
