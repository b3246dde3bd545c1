import { type Card, type CardProgress, hasEnded, type SectionId, sectionOf } from './cards.js';
import type { Audience, FilePort } from './ports.js';

/** A folder that somebody shared: the cards of its files, newest first. */
export interface Group {
  readonly key: string;
  /** Of the folder that was shared. */
  readonly name: string;
  readonly cards: readonly Card[];
  readonly mine: boolean;
  readonly sender: Card['sender'];
  readonly to: Audience;
  /** Bytes of all files that have not ended. */
  readonly size: number;
  /** Files that have not ended. */
  readonly live: number;
  /** Of mine, those that are there for others; else those that are saved. */
  readonly done: number;
  /** Files that wait for a retry. */
  readonly failed: readonly Card[];
  /** Files of mine on their way, or those of others that are being saved. */
  readonly running: readonly Card[];
  /** Files that can be saved now. */
  readonly ready: readonly Card[];
  readonly progress: CardProgress | undefined;
}

export type Item = Card | Group;

export interface Section {
  readonly id: SectionId;
  readonly cards: readonly Card[];
  /** The same, the files of a folder together. */
  readonly items: readonly Item[];
}

export function isGroup(item: Item): item is Group {
  return 'cards' in item;
}

const ORDER: readonly SectionId[] = ['sending', 'for-you', 'everyone', 'sent'];

/** Deals cards out to the panel's lists, a folder as a whole, leaving empty lists out. */
export function intoSections(cards: readonly Card[]): Section[] {
  const dealt = new Map<SectionId, { cards: Card[]; items: Item[] }>(ORDER.map((id) => [id, { cards: [], items: [] }]));
  for (const held of together(cards)) {
    const [first] = held;
    if (first === undefined) continue;
    const section = dealt.get(held.some((card) => sectionOf(card) === 'sending') ? 'sending' : sectionOf(first));
    section?.cards.push(...held);
    section?.items.push(first.path === '' ? first : groupOf(first, held));
  }
  return [...dealt].map(([id, section]) => ({ id, ...section })).filter((section) => section.cards.length > 0);
}

/** The cards that are shown as one, in the order of the first of each. */
function together(cards: readonly Card[]): Iterable<readonly Card[]> {
  const all = new Map<string, Card[]>();
  for (const card of cards) {
    const key = keyOf(card);
    const others = all.get(key);
    if (others === undefined) all.set(key, [card]);
    else others.push(card);
  }
  return all.values();
}

/** A folder is what one sender has sent to the same people under one name. */
function keyOf({ key, path, sender, to }: Card): string {
  if (path === '') return key;
  return JSON.stringify([topOf(path), sender.id, to === 'room' ? to : [...to].sort()]);
}

/** The folder that was shared. */
export function topOf(path: string): string {
  return path.split('/', 1)[0] ?? '';
}

/** The folders within that one, down to the file. */
export function within(path: string): string {
  return path.slice(topOf(path).length + 1);
}

const RUNNING = {
  mine: new Set<Card['state']>(['waiting', 'uploading', 'upload-paused', 'finishing']),
  theirs: new Set<Card['state']>(['download-waiting', 'downloading', 'download-paused', 'checking']),
} as const;

function groupOf(first: Card, cards: readonly Card[]): Group {
  const { mine, sender, to, path } = first;
  const live = cards.filter(({ state }) => !hasEnded(state));
  const running = live.filter(({ state }) => RUNNING[mine ? 'mine' : 'theirs'].has(state));
  const done = live.filter(({ state }) => state === (mine ? 'shared' : 'saved'));
  return {
    key: keyOf(first),
    name: topOf(path),
    cards,
    mine,
    sender,
    to,
    size: sum(live, ({ size }) => size ?? 0),
    live: live.length,
    done: done.length,
    failed: live.filter(({ state }) => state === 'upload-failed' || state === 'download-failed'),
    running,
    ready: live.filter(
      ({ state, file }) => file !== undefined && !mine && (state === 'available' || state === 'saved'),
    ),
    progress: progressOf(live, running, done),
  };
}

/** How far the whole is: of what is sent or saved here, or of what its sender still sends. */
function progressOf(live: readonly Card[], running: readonly Card[], done: readonly Card[]): CardProgress | undefined {
  const arriving = live.filter(({ state }) => state === 'arriving');
  const moving = running.length > 0 ? running : arriving;
  if (moving.length === 0) return undefined;
  const there = running.length > 0 ? done : live.filter(({ state }) => state !== 'arriving');
  const total = sum(live, ({ size }) => size ?? 0);
  const transferred = sum(there, ({ size }) => size ?? 0) + sum(moving, ({ progress }) => progress?.transferred ?? 0);
  const rate = sum(moving, ({ progress }) => progress?.rate ?? 0);
  return { transferred, total, rate, eta: rate > 0 ? (total - transferred) / rate : undefined };
}

function sum(cards: readonly Card[], of: (card: Card) => number): number {
  return cards.reduce((all, card) => all + of(card), 0);
}

/** The files of cards, for what is done with all of them. */
export function filesOf(cards: readonly Card[]): FilePort[] {
  return cards.flatMap(({ file }) => (file === undefined ? [] : [file]));
}
