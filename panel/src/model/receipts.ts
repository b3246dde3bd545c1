import type { Receipt } from '@handout/sdk';
import type { Words } from '../messages/words.js';

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
export function overview(receipts: Iterable<Receipt>, people: Acquaintance, words: Words): ReceiptOverview | undefined {
  const all = [...receipts];
  if (all.length === 0) return undefined;
  const name = (receipt: Receipt) =>
    people.names.get(receipt.participant) ?? (receipt.name || words.text('receipt.someone'));
  const row = (receipt: Receipt) => rowOf(receipt, name(receipt), people.here, words);
  const byName = (a: Receipt, b: Receipt) => RANK[a.state] - RANK[b.state] || COLLATOR.compare(name(a), name(b));
  return {
    ...summarise(all, name, words),
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

function rowOf(receipt: Receipt, name: string, here: ReadonlySet<string>, words: Words): ReceiptRow {
  const gone = receipt.state === 'downloading' && !here.has(receipt.participant);
  return {
    id: receipt.participant,
    name,
    state: receipt.state,
    tone: gone ? 'quiet' : TONES[receipt.state],
    text: gone ? words.text('receipt.gone') : textOf(receipt, words),
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

function textOf({ state, reason }: Receipt, words: Words): string {
  return (state === 'failed' ? words.known(`receipt.${reason}`) : undefined) ?? words.text(`receipt.${state}`);
}

function summarise(all: readonly Receipt[], name: (receipt: Receipt) => string, words: Words) {
  const [only] = all;
  if (all.length === 1 && only !== undefined)
    return { summary: words.text(`receipts.only.${only.state}`, { who: name(only) }), tone: TONES[only.state] };
  const count = (state: Receipt['state']) => all.filter((receipt) => receipt.state === state).length;
  const [have, saving, failed] = [count('received'), count('downloading'), count('failed')];
  const parts = [];
  if (have === all.length) parts.push(words.text(have === 2 ? 'receipts.both' : 'receipts.all'));
  else if (have > 0) parts.push(words.text('receipts.have', { count: have, all: all.length }));
  else if (saving === 0) parts.push(nobody(all, words));
  if (saving > 0) parts.push(words.text('receipts.saving', { count: saving }));
  if (failed > 0) parts.push(words.text('receipts.failed', { count: failed }));
  const tone: ReceiptTone = have === all.length ? 'good' : saving > 0 ? 'live' : 'quiet';
  return { summary: words.facts(parts), tone };
}

function nobody(all: readonly Receipt[], words: Words): string {
  const seen = all.filter((receipt) => receipt.state !== 'offered').length;
  return seen === 0
    ? words.text('receipts.unseen', { count: all.length })
    : words.text('receipts.seen', { count: seen, all: all.length });
}
