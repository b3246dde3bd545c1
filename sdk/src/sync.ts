import { asHandoutError } from './errors.js';
import type { RoomEventRecord, Roster, SharePage, ShareRecord, Stream } from './protocol.js';
import type { ReceiptPage, ReceiptRecord } from './receipt-records.js';
import { type Backoff, DEFAULT_BACKOFF, delayBefore, isTransient, type Patience, patience } from './retry.js';

/** Where the truth is read from. */
export interface SyncSource {
  sharesSince(cursor: string, signal?: AbortSignal): Promise<SharePage>;
  roster(signal?: AbortSignal): Promise<Roster>;
  receiptsSince(seq: number, signal?: AbortSignal): Promise<ReceiptPage>;
}

/** Who is told. Being told the same twice must do no harm. */
export interface SyncTarget {
  shares(shares: readonly ShareRecord[]): void;
  /** The server began from the beginning: what is not among these ids is gone. */
  onlyShares(ids: ReadonlySet<string>): void;
  roster(roster: Roster): void;
  /** Whether there is anything here to have receipts of. */
  wantsReceipts(): boolean;
  receipts(receipts: readonly ReceiptRecord[]): void;
  event(event: RoomEventRecord): void;
  /** Everything that had happened by now is applied. */
  synced(): void;
  /** The server will not let us read. */
  refused(error: Error): void;
}

/**
 * Keeps a room's model true. A push is a hint: it is applied when it is the next
 * of its stream, and when it is not, the store is read again.
 */
export class Sync {
  readonly #source: SyncSource;
  readonly #target: SyncTarget;
  readonly #patience: Patience;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  #cursor = '';
  #seen: Record<Stream, number> = { room: 0, personal: 0 };
  /** The number of the personal stream up to which receipts are known. */
  #receiptsTo = 0;
  #held: RoomEventRecord[] = [];
  /** What a reading from the beginning has found so far; it may take several tries. */
  #fromStart: Set<string> | undefined;
  #running = false;
  #wanted = false;

  constructor(source: SyncSource, target: SyncTarget, wait: Patience = patience, backoff: Backoff = DEFAULT_BACKOFF) {
    this.#source = source;
    this.#target = target;
    this.#patience = wait;
    this.#backoff = backoff;
  }

  /** A push has come. */
  receive(event: RoomEventRecord): void {
    if (this.#running) {
      this.#held.push(event);
    } else if (!this.#apply(event)) {
      this.#held.push(event);
      this.resync();
    }
  }

  /** Reads what changed since the cursor. One reading at a time: asked for while one runs, another follows. */
  resync(): void {
    this.#wanted = true;
    if (this.#running || this.#stop.signal.aborted) return;
    this.#running = true;
    void this.#run();
  }

  /** The server may have lost a push: the stream has come to `head`, or nobody knows how far. */
  moved(stream: Stream, head?: number): void {
    if (head === undefined || head > this.#seen[stream]) this.resync();
  }

  /** Ends it for good. */
  stop(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    for (let attempt = 1; this.#wanted; attempt++) {
      this.#wanted = false;
      try {
        await this.#read();
        if (this.#stop.signal.aborted) return;
        // A push that is still ahead of us came after our reading and after another lost one.
        if (!this.#drain()) this.#wanted = true;
        else attempt = 0;
      } catch (cause) {
        if (this.#stop.signal.aborted) return;
        const error = asHandoutError(cause);
        if (!isTransient(error)) {
          this.#running = false;
          this.#target.refused(error);
          return;
        }
        this.#wanted = true;
      }
      if (this.#wanted && attempt > 0 && !(await this.#pause(attempt))) return;
    }
    this.#running = false;
    this.#target.synced();
  }

  async #pause(attempt: number): Promise<boolean> {
    const ms = delayBefore(attempt, this.#backoff, this.#patience.random);
    await this.#patience.sleep(ms, this.#stop.signal).catch(() => undefined);
    return !this.#stop.signal.aborted;
  }

  async #read(): Promise<void> {
    const signal = this.#stop.signal;
    let page: SharePage;
    do {
      page = await this.#source.sharesSince(this.#cursor, signal);
      if (signal.aborted) return;
      if (page.reset) {
        this.#fromStart = new Set();
        this.#receiptsTo = 0;
      }
      for (const share of page.shares) this.#fromStart?.add(share.id);
      this.#cursor = page.seq;
      this.#target.shares(page.shares);
    } while (page.more);
    if (this.#fromStart !== undefined) this.#target.onlyShares(this.#fromStart);
    this.#fromStart = undefined;
    this.#seen = readCursor(this.#cursor);
    const roster = await this.#source.roster(signal);
    if (!signal.aborted) this.#target.roster(roster);
    await this.#readReceipts(signal);
  }

  async #readReceipts(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#target.wantsReceipts()) {
      const page = await this.#source.receiptsSince(this.#receiptsTo, signal);
      if (signal.aborted) return;
      this.#target.receipts(page.receipts);
      this.#receiptsTo = page.seq;
      if (!page.more) return;
    }
    // Without files of mine there was nothing to tell me of.
    this.#receiptsTo = Math.max(this.#receiptsTo, this.#seen.personal);
  }

  /** Applies what was pushed meanwhile; false when something before it is still missing. */
  #drain(): boolean {
    const held = this.#held.sort((a, b) => a.seq - b.seq);
    this.#held = [];
    for (const event of held) if (!this.#apply(event)) this.#held.push(event);
    return this.#held.length === 0;
  }

  #apply(event: RoomEventRecord): boolean {
    if (event.seq === 0) {
      this.#target.event(event);
      return true;
    }
    const seen = this.#seen[event.stream];
    if (event.seq > seen + 1) return false;
    if (event.seq === seen + 1) {
      this.#seen[event.stream] = event.seq;
      this.#cursor = `${this.#seen.room}.${this.#seen.personal}`;
      this.#receiptsTo = Math.max(this.#receiptsTo, this.#seen.personal);
      this.#target.event(event);
    }
    return true;
  }
}

/** Reads "room.personal"; further numbers are the server's own. */
function readCursor(cursor: string): Record<Stream, number> {
  const [room, personal] = cursor.split('.').map(Number);
  return { room: room || 0, personal: personal || 0 };
}
