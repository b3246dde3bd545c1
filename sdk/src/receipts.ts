import type { SharedFile } from './file.js';
import type { Participant } from './people.js';
import { hasEnded, type TransferRecord } from './protocol.js';
import type { ReceiptRecord, ReceiptState } from './receipt-records.js';

/** Where one recipient stands with one of my files. */
export interface Receipt {
  /** The recipient's id. */
  readonly participant: string;
  /** As it was when last heard of; empty for one who left without a word. */
  readonly name: string;
  readonly state: ReceiptState;
  /** Why it failed: an error code. */
  readonly reason: string | undefined;
  /** How far its download is, as of the last news: at most twice a second. All of them once it is received. */
  readonly bytes: number;
  /** Of the download: whole, never 100 before it is received; undefined while the size is unknown. */
  readonly percent: number | undefined;
  readonly offeredAt: Date;
  readonly seenAt: Date | undefined;
  /** When its last download began. */
  readonly startedAt: Date | undefined;
  /** When it was received, declined, cancelled or failed. */
  readonly endedAt: Date | undefined;
}

/** What receipts need of their room. */
export interface ReceiptsConfig {
  readonly me: string;
  readonly files: ReadonlyMap<string, SharedFile>;
  readonly people: ReadonlyMap<string, Participant>;
  /** These of a file of mine are news; none when somebody has left it. */
  changed(file: SharedFile, receipts: readonly Receipt[]): void;
}

/** Names of who has left, for the files that were for them. */
const MAX_NAMES = 2_000;

/** What is known of one file. */
interface Ledger {
  readonly records: Map<string, ReceiptRecord>;
  /** How far running downloads are, by participant. */
  readonly bytes: Map<string, number>;
  /** What readers get: made when it is first asked for, and kept true from then on. A room may have thousands of people. */
  shown: Map<string, Receipt> | undefined;
  /** The state and the size of the file that it was made of. */
  of: string;
}

const NONE: ReadonlyMap<string, Receipt> = new Map();

/**
 * The receipts of my files. Records come from pages and pushes, in any order and more than once. Who has
 * not done anything yet has no record: the file says for whom it is, and the roster who is here.
 */
export class Receipts {
  readonly #config: ReceiptsConfig;
  readonly #ledgers = new Map<string, Ledger>();
  readonly #left = new Map<string, string>();

  constructor(config: ReceiptsConfig) {
    this.#config = config;
  }

  /** Whether any file here is mine: then there may be receipts to read. */
  get wanted(): boolean {
    for (const file of this.#config.files.values()) if (file.mine) return true;
    return false;
  }

  /** Those of a file, by participant; none of a file that is not mine. */
  of(file: SharedFile): ReadonlyMap<string, Receipt> {
    if (!file.mine) return NONE;
    const ledger = this.#ledger(file.id);
    ledger.shown ??= this.#show(file, ledger);
    return ledger.shown;
  }

  /** Takes records in. */
  apply(records: readonly ReceiptRecord[]): void {
    const news = new Map<string, Set<string>>();
    for (const record of records) {
      const ledger = this.#ledger(record.share);
      if ((ledger.records.get(record.participant)?.rev ?? 0) >= record.rev) continue;
      ledger.records.set(record.participant, record);
      // A download that begins again begins at its beginning.
      ledger.bytes.set(record.participant, record.bytes ?? 0);
      note(news, record.share, record.participant);
    }
    this.#tell(news);
  }

  /** Takes in how far downloads are. */
  moved(transfers: readonly TransferRecord[]): void {
    const news = new Map<string, Set<string>>();
    for (const { share, participant, bytes } of transfers) {
      if (participant === undefined) continue;
      this.#ledger(share).bytes.set(participant, bytes);
      note(news, share, participant);
    }
    this.#tell(news);
  }

  /** A file has changed: perhaps its state or its size, and not only how many bytes have come. */
  fileChanged(file: SharedFile): void {
    const ledger = this.#ledgers.get(file.id);
    if (ledger !== undefined && ledger.of !== basis(file)) ledger.shown = undefined;
  }

  /** Somebody has come: what is for everybody is for this one too. */
  joined(participant: Participant): void {
    this.#left.delete(participant.id);
    if (participant.id === this.#config.me) return;
    for (const file of this.#mineFor(participant)) this.#config.changed(file, [this.#refresh(file, participant.id)]);
  }

  left(participant: Participant): void {
    this.#left.set(participant.id, participant.name);
    for (const oldest of this.#left.keys()) if (this.#left.size > MAX_NAMES) this.#left.delete(oldest);
    for (const file of this.#mineFor(participant)) {
      const { records, shown } = this.#ledger(file.id);
      if (file.to === 'room' && !records.has(participant.id)) shown?.delete(participant.id);
      this.#config.changed(file, []);
    }
  }

  *#mineFor(participant: Participant): Generator<SharedFile> {
    for (const file of this.#config.files.values()) if (file.mine && isFor(file, participant)) yield file;
  }

  #tell(news: ReadonlyMap<string, ReadonlySet<string>>): void {
    for (const [share, participants] of news) {
      const file = this.#config.files.get(share);
      if (!file?.mine) continue;
      const changed = [...participants].map((id) => this.#refresh(file, id));
      this.#config.changed(file, changed);
    }
  }

  /** One receipt as it is now. */
  #refresh(file: SharedFile, participant: string): Receipt {
    const ledger = this.#ledger(file.id);
    const receipt = this.#receipt(file, ledger, participant);
    ledger.shown?.set(participant, receipt);
    return receipt;
  }

  #ledger(share: string): Ledger {
    let ledger = this.#ledgers.get(share);
    if (ledger === undefined) {
      ledger = { records: new Map(), bytes: new Map(), shown: undefined, of: '' };
      this.#ledgers.set(share, ledger);
    }
    return ledger;
  }

  #show(file: SharedFile, ledger: Ledger): Map<string, Receipt> {
    const { me, people } = this.#config;
    ledger.of = basis(file);
    const shown = new Map<string, Receipt>();
    const here = [...people.values()].filter((person) => isFor(file, person)).map(({ id }) => id);
    for (const id of [...(file.to === 'room' ? here : file.to), ...ledger.records.keys()]) {
      if (id !== me && !shown.has(id)) shown.set(id, this.#receipt(file, ledger, id));
    }
    return shown;
  }

  #receipt(file: SharedFile, { records, bytes }: Ledger, participant: string): Receipt {
    const record = records.get(participant);
    const person = this.#config.people.get(participant);
    const state = record?.state ?? 'offered';
    const moved = state === 'received' ? (file.size ?? 0) : (bytes.get(participant) ?? 0);
    const joined = file.to === 'room' && person !== undefined ? Date.parse(person.joinedAt) : 0;
    return {
      participant,
      name: person?.name ?? record?.name ?? this.#left.get(participant) ?? '',
      state,
      reason: record?.reason,
      bytes: moved,
      percent: percentOf(file, state, moved),
      offeredAt: date(record?.offeredAt) ?? new Date(Math.max(joined, file.createdAt.getTime())),
      seenAt: date(record?.seenAt),
      startedAt: date(record?.startedAt),
      endedAt: date(record?.endedAt),
    };
  }
}

function basis({ state, size }: SharedFile): string {
  return `${state} ${size}`;
}

/** Whether it is for somebody who is here; what has ended is for nobody new. */
function isFor(file: SharedFile, { id, grants }: Participant): boolean {
  return file.to === 'room' ? !hasEnded(file.state) && grants.includes('receive') : file.to.includes(id);
}

function note(news: Map<string, Set<string>>, share: string, participant: string): void {
  news.set(share, (news.get(share) ?? new Set()).add(participant));
}

function percentOf({ size }: SharedFile, state: ReceiptState, bytes: number): number | undefined {
  if (state === 'received') return 100;
  return size === undefined ? undefined : Math.min(99, Math.floor((100 * bytes) / Math.max(size, 1)));
}

function date(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
