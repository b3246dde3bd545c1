import type { Participant } from '@handout/sdk';
import type { Words } from '../messages/words.js';
import type { Audience } from './ports.js';

/** One or two letters that stand for a name: first and last word, whole characters. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = words[0];
  if (first === undefined) return '?';
  const last = words.length > 1 ? words[words.length - 1] : undefined;
  return (letter(first) + (last === undefined ? '' : letter(last))).toLocaleUpperCase();
}

function letter(word: string): string {
  return /[\p{L}\p{N}]\p{M}*/u.exec(word)?.[0] ?? '';
}

/** A hue from 0 to 7 that stays with a participant for as long as its id does. */
export function hue(id: string): number {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return sum % 8;
}

/** Names that can be told apart: a name met twice gets a number, in order of arrival. */
export function distinctNames(participants: Iterable<Participant>, words: Words): Map<string, string> {
  const seen = new Map<string, number>();
  const names = new Map<string, string>();
  for (const { id, name } of participants) {
    const base = name.trim() === '' ? words.text('who.guest') : name;
    const count = (seen.get(base) ?? 0) + 1;
    seen.set(base, count);
    names.set(id, count === 1 ? base : `${base} (${words.number(count)})`);
  }
  return names;
}

/** "everyone", "Ana", "Ana and Bo", "Ana and 3 others". People who have left are "someone who left". */
export function audienceLabel(to: Audience, names: ReadonlyMap<string, string>, words: Words): string {
  if (to === 'room') return words.text('who.everyone');
  const name = (id: string | undefined) => names.get(id ?? '') ?? words.text('who.left');
  if (to.length <= 1) return name(to[0]);
  if (to.length === 2) return words.list(to.map(name));
  return words.text('who.more', { who: name(to[0]), count: to.length - 1 });
}

/** The people whom I may send to: everyone else who may receive. */
export function recipients(participants: Iterable<Participant>, meId: string): Participant[] {
  return [...participants].filter((p) => p.id !== meId && p.grants.includes('receive'));
}
