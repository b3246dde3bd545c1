/** More about an error than its code and its words. */
export interface ErrorFacts {
  readonly status?: number | undefined;
  readonly detail?: string | undefined;
  readonly cause?: unknown;
}

/**
 * The SDK's one error. `code` is stable: a code of the protocol, or one of ours:
 * `network` (no answer), `cancelled`, `hash-mismatch` (other bytes came than were
 * sent), `no-space` (this device's disk), `not-connected` (the room was left).
 */
export class HandoutError extends Error {
  override readonly name = 'HandoutError';
  readonly code: string;
  /** The HTTP status, when the server said so. */
  readonly status: number | undefined;
  /** What the server adds for this one occasion. */
  readonly detail: string | undefined;

  constructor(code: string, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.status = facts.status;
    this.detail = facts.detail;
  }
}

/** The error as a HandoutError; what is none becomes `internal` and stays as the cause. */
export function asHandoutError(error: unknown): HandoutError {
  if (error instanceof HandoutError) return error;
  return new HandoutError('internal', error instanceof Error ? error.message : String(error), { cause: error });
}

/** The error of something that was stopped on purpose. */
export function cancelledError(): HandoutError {
  return new HandoutError('cancelled', 'it was cancelled');
}

/** Throws if the signal says so. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelledError();
}
