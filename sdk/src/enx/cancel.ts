import { answerSoon, lastFunction } from './callback.js';
import { codes, failure } from './errors.js';

/** What a call of cancelUploads or cancelDownloads asks for, whichever form it has. */
export interface CancelCall {
  all: boolean;
  /** Ids are compared as strings; undefined when the call names none. */
  id: string | undefined;
  callback: unknown;
}

/** What the callback of a cancel gets. */
export interface CancelAnswer {
  result: number;
  description: string;
  error?: string;
  desc?: string;
}

/**
 * Reads `(id, cancelAll, callback)`, the contract's form, and the forms of
 * shipped applications: `(cancelAll, id, callback)` and `(true, "cancel",
 * callback)`. A boolean first argument is cancelAll.
 */
export function readCancel(args: readonly unknown[]): CancelCall {
  const [first, second] = args;
  const callback = lastFunction(args);
  return typeof first === 'boolean'
    ? { all: first, id: idOf(second), callback }
    : { all: second === true, id: idOf(first), callback };
}

function idOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  return undefined;
}

/** Running jobs by their id as a string. */
export interface CancellableJobs {
  keys(): Iterable<string>;
  /** False for an id that is not running. */
  cancel(id: string): boolean;
}

/** Does what the call asks for and answers its callback; the jobs end on their normal failure path. */
export function cancelJobs(args: readonly unknown[], jobs: CancellableJobs, what: 'upload' | 'download'): void {
  const call = readCancel(args);
  answerSoon(call.callback, outcome(call, jobs, what));
}

function outcome(call: CancelCall, jobs: CancellableJobs, what: string): CancelAnswer {
  if (call.all) {
    for (const id of [...jobs.keys()]) jobs.cancel(id);
    return { result: 0, description: `all ${what}s cancelled` };
  }
  if (call.id === undefined) return refused(`no ${what} job is named`);
  if (!jobs.cancel(call.id)) return refused(`no ${what} job ${call.id} is running`);
  return { result: 0, description: `${what} ${call.id} cancelled` };
}

function refused(why: string): CancelAnswer {
  return { ...failure(codes.invalid, why), description: why };
}
