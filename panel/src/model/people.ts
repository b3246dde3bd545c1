import type { Participant } from '@handout/sdk';
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
export function distinctNames(participants: Iterable<Participant>): Map<string, string> {
  const seen = new Map<string, number>();
  const names = new Map<string, string>();
  for (const { id, name } of participants) {
    const base = name.trim() === '' ? 'Guest' : name;
    const count = (seen.get(base) ?? 0) + 1;
    seen.set(base, count);
    names.set(id, count === 1 ? base : `${base} (${count})`);
  }
  return names;
}

/** Me first, then by name, so that nobody has to be looked for. */
export function inOrder(participants: Iterable<Participant>, meId: string): Participant[] {
  return [...participants].sort((a, b) => {
    if (a.id === meId || b.id === meId) return a.id === meId ? -1 : 1;
    return a.name.localeCompare(b.name) || a.id.localeCompare(b.id);
  });
}

/** "everyone", "Ana", "Ana and Bo", "Ana and 3 others". People who have left are "someone who left". */
export function audienceLabel(to: Audience, names: ReadonlyMap<string, string>): string {
  if (to === 'room') return 'everyone';
  const first = names.get(to[0] ?? '') ?? 'someone who left';
  if (to.length <= 1) return first;
  if (to.length === 2) return `${first} and ${names.get(to[1] ?? '') ?? 'someone who left'}`;
  return `${first} and ${to.length - 1} others`;
}

/** What a role is called on screen; an ordinary participant needs no label. */
export function roleLabel(role: string): string {
  if (role === 'moderator') return 'Host';
  if (role === 'viewer') return 'Viewer';
  return '';
}

/** The people whom I may send to: everyone else who may receive. */
export function recipients(participants: Iterable<Participant>, meId: string): Participant[] {
  return [...participants].filter((p) => p.id !== meId && p.grants.includes('receive'));
}
