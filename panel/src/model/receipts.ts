import type { Receipt } from '@handout/sdk';
import { plural } from './wording.js';

/** How a row looks: something is on its way, it is well, it went wrong, or nothing is to be said. */
export type ReceiptTone = 'live' | 'good' | 'bad' | 'quiet';

/** One recipient of a file of mine, as its list shows it. */
export interface ReceiptRow {
  readonly id: string;
  readonly name: string;
  readonly state: Receipt['state'];
  readonly tone: ReceiptTone;
  readonly text: string;
  /** Of a download that runs; undefined without one, and while nobody knows. */
  readonly percent: number | undefined;
  /** When it came to that. */
  readonly at: Date | undefined;
}

/** What a sender's card says of its recipients. */
export interface ReceiptOverview {
  /** "3 of 5 have it · 1 saving". */
  readonly summary: string;
  readonly tone: ReceiptTone;
  /** Some of those with whom something has happened. */
  readonly faces: readonly ReceiptRow[];
  /** The list of a card that is open: at most {@link MAX_ROWS}, those where something happens first. */
  rows(): readonly ReceiptRow[];
  /** How many have no row. */
  readonly more: number;
}

/** A page with more rows than anybody reads is only slow. */
export const MAX_ROWS = 100;
/** Faces beside the summary. */
const FACES = 4;

/** What is known of people besides their receipts. */
export interface Acquaintance {
  readonly names: ReadonlyMap<string, string>;
  /** Ids of those in the room. */
  readonly here: ReadonlySet<string>;
}

const RANK: Readonly<Record<Receipt['state'], number>> = {
  downloading: 0,
  failed: 1,
  received: 2,
  cancelled: 3,
  declined: 4,
  seen: 5,
  offered: 6,
};

/** What a sender's card says of its recipients; undefined when there are none. A room may have thousands of them. */
export function overview(receipts: Iterable<Receipt>, people: Acquaintance): ReceiptOverview | undefined {
  const all = [...receipts];
  if (all.length === 0) return undefined;
  const name = (receipt: Receipt) => people.names.get(receipt.participant) ?? (receipt.name || 'Someone who left');
  const row = (receipt: Receipt) => rowOf(receipt, name(receipt), people.here);
  const byName = (a: Receipt, b: Receipt) => RANK[a.state] - RANK[b.state] || COLLATOR.compare(name(a), name(b));
  return {
    ...summarise(all, name),
    faces: first(all, FACES).map(row),
    rows: () => [...all].sort(byName).slice(0, MAX_ROWS).map(row),
    more: Math.max(0, all.length - MAX_ROWS),
  };
}

/** The first so many, by what has happened, without sorting them all. */
function first(all: readonly Receipt[], count: number): readonly Receipt[] {
  const found: Receipt[] = [];
  for (let rank = 0; rank <= RANK.offered && found.length < count; rank++) {
    for (const receipt of all) if (RANK[receipt.state] === rank && found.length < count) found.push(receipt);
  }
  return found;
}

const COLLATOR = new Intl.Collator();

function rowOf(receipt: Receipt, name: string, here: ReadonlySet<string>): ReceiptRow {
  const gone = receipt.state === 'downloading' && !here.has(receipt.participant);
  return {
    id: receipt.participant,
    name,
    state: receipt.state,
    tone: gone ? 'quiet' : TONES[receipt.state],
    text: gone ? 'Left while saving' : textOf(receipt),
    percent: receipt.state === 'downloading' && !gone ? receipt.percent : undefined,
    at: receipt.state === 'seen' ? receipt.seenAt : receipt.endedAt,
  };
}

const TONES: Readonly<Record<Receipt['state'], ReceiptTone>> = {
  offered: 'quiet',
  seen: 'quiet',
  downloading: 'live',
  received: 'good',
  declined: 'quiet',
  cancelled: 'quiet',
  failed: 'bad',
};

const TEXTS: Readonly<Record<Receipt['state'], string>> = {
  offered: 'Not seen yet',
  seen: 'Seen',
  downloading: 'Saving',
  received: 'Has it',
  declined: 'Declined',
  cancelled: 'Cancelled',
  failed: 'Not saved',
};

const REASONS: Readonly<Record<string, string>> = {
  'hash-mismatch': 'Arrived damaged',
  network: 'Lost the connection',
  'no-space': 'No space on their device',
  'too-slow': 'Connection too slow',
};

function textOf({ state, reason }: Receipt): string {
  return (state === 'failed' && reason !== undefined && REASONS[reason]) || TEXTS[state];
}

function summarise(all: readonly Receipt[], name: (receipt: Receipt) => string) {
  const count = (state: Receipt['state']) => all.filter((receipt) => receipt.state === state).length;
  const counts = { have: count('received'), saving: count('downloading'), failed: count('failed') };
  const [only] = all;
  if (all.length === 1 && only !== undefined)
    return { summary: single(name(only), only.state), tone: TONES[only.state] };
  const { have, saving, failed } = counts;
  const parts = [];
  if (have === all.length) parts.push(have === 2 ? 'Both have it' : 'Everyone has it');
  else if (have > 0) parts.push(`${have} of ${all.length} ${have === 1 ? 'has' : 'have'} it`);
  else if (saving === 0) parts.push(nobody(all));
  if (saving > 0) parts.push(`${saving} saving`);
  if (failed > 0) parts.push(`${failed} failed`);
  const tone: ReceiptTone = have === all.length ? 'good' : saving > 0 ? 'live' : 'quiet';
  return { summary: parts.join(' · '), tone };
}

function nobody(all: readonly Receipt[]): string {
  const seen = all.filter((receipt) => receipt.state !== 'offered').length;
  return seen === 0 ? `Not seen yet by ${plural(all.length, 'person', 'people')}` : `Seen by ${seen} of ${all.length}`;
}

const SINGLE: Readonly<Record<Receipt['state'], string>> = {
  offered: 'has not seen it yet',
  seen: 'has seen it',
  downloading: 'is saving it',
  received: 'has it',
  declined: 'declined it',
  cancelled: 'cancelled it',
  failed: 'could not save it',
};

function single(name: string, state: Receipt['state']): string {
  return `${name} ${SINGLE[state]}`;
}
