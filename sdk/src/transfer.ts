import { HandoutError } from './errors.js';
import { Meter, type Progress } from './progress.js';

/** Where a transfer stands. It ends once: completed, failed or cancelled. */
export type TransferState =
  /** Others go first, or the sender sends nothing now. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running' }
  /** There is no network; it goes on by itself. */
  | { readonly kind: 'paused'; readonly reason: 'network' }
  /** Every byte is there, and is being made sure of. */
  | { readonly kind: 'verifying' }
  | { readonly kind: 'completed' }
  | { readonly kind: 'failed'; readonly error: HandoutError }
  /** By me, by its sender, or because the room has no place for it any more. */
  | { readonly kind: 'cancelled'; readonly by: 'me' | 'sender' | 'room' };

/** Who drives transfers. */
export interface TransferControl<T> {
  cancel(transfer: T): void;
  retry(transfer: T): void;
  changed(transfer: T): void;
}

/** A transfer tells its progress at most so often. */
const TELL_MS = 200;

interface Deferred<R> {
  readonly promise: Promise<R>;
  resolve(value: R): void;
  reject(error: HandoutError): void;
}

function defer<R>(): Deferred<R> {
  let resolve!: (value: R) => void;
  let reject!: (error: HandoutError) => void;
  const promise = new Promise<R>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined); // who does not ask for `done` reads `state`
  return { promise, resolve, reject };
}

/** One participant's upload or download, as this page sees it. */
export abstract class Transfer<Result = unknown> {
  abstract readonly kind: 'upload' | 'download';
  abstract readonly name: string;
  /** The MIME type. */
  abstract readonly type: string;
  /** Bytes. */
  abstract readonly size: number;
  /** Milliseconds since 1970. */
  readonly startedAt = Date.now();
  readonly #meter = new Meter();
  #state: TransferState = { kind: 'waiting' };
  #done = defer<Result>();
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #signals = new Set<AbortSignal>();
  readonly #onAbort = (): void => this.cancel();

  get state(): TransferState {
    return this.#state;
  }

  get progress(): Progress {
    return this.#meter.read(this.size);
  }

  /** What came of it. It never causes an unhandled rejection. After a retry it is a new promise. */
  get done(): Promise<Result> {
    return this.#done.promise;
  }

  /** Stops it. What had ended stays as it ended. */
  abstract cancel(): void;

  /** Starts it again after it has failed or I cancelled it, where it was when that is possible. */
  abstract retry(): void;

  protected abstract changed(): void;

  /** @internal */
  get ended(): boolean {
    return ENDS.includes(this.#state.kind);
  }

  /** @internal */
  get canRetry(): boolean {
    return this.#state.kind === 'failed' || (this.#state.kind === 'cancelled' && this.#state.by === 'me');
  }

  /**
   * Moves on to a state that is not an end. After an end it does nothing.
   * @internal
   */
  advance(kind: 'waiting' | 'running' | 'paused' | 'verifying'): void {
    if (this.ended || this.#state.kind === kind) return;
    if (kind !== 'running') this.#meter.rest();
    this.#enter(kind === 'paused' ? { kind, reason: 'network' } : { kind });
  }

  /** @internal */
  complete(result: Result): void {
    if (this.ended) return;
    this.#meter.set(this.size);
    this.#end({ kind: 'completed' });
    this.#done.resolve(result);
  }

  /** @internal */
  fail(error: HandoutError): void {
    if (this.ended) return;
    this.#end({ kind: 'failed', error });
    this.#done.reject(error);
  }

  /** @internal */
  endCancelled(by: 'me' | 'sender' | 'room'): void {
    if (this.ended) return;
    this.#end({ kind: 'cancelled', by });
    this.#done.reject(new HandoutError('cancelled', CANCELLED[by]));
  }

  /**
   * Lets go of what came of it.
   * @internal
   */
  forgetResult(): void {
    this.#done = defer();
    this.#done.reject(new HandoutError('released', 'it was let go'));
  }

  /**
   * Cancels it when the signal says so, for as long as it runs: a signal may outlive many transfers.
   * @internal
   */
  heed(signal: AbortSignal | undefined): void {
    if (signal === undefined || this.ended) return;
    if (signal.aborted) {
      this.cancel();
      return;
    }
    this.#signals.add(signal);
    signal.addEventListener('abort', this.#onAbort);
  }

  /**
   * Back to the beginning, after an end.
   * @internal
   */
  reset(): void {
    if (!this.ended) return;
    for (const signal of this.#signals) signal.addEventListener('abort', this.#onAbort);
    this.#done = defer();
    this.#enter({ kind: 'waiting' });
  }

  /**
   * Bytes moved so far.
   * @internal
   */
  report(transferred: number): void {
    if (this.ended) return;
    this.#meter.set(transferred);
    if (this.#timer !== undefined) return;
    const wait = this.#toldAt + TELL_MS - performance.now();
    if (wait <= 0) this.#tell();
    else this.#timer = setTimeout(() => this.#tell(), wait);
  }

  #end(state: TransferState): void {
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#onAbort);
    this.#meter.rest();
    this.#enter(state);
  }

  #enter(state: TransferState): void {
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#toldAt = performance.now();
    this.changed();
  }
}

const ENDS: readonly TransferState['kind'][] = ['completed', 'failed', 'cancelled'];

const CANCELLED = {
  me: 'it was cancelled',
  sender: 'the sender withdrew the file',
  room: 'the room no longer has it',
} as const;
