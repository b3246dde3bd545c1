import { en } from './en.js';
import type { Messages, Words as WordsOf } from './words.js';
import { english, Words } from './words.js';

/** Messages of a language, or what loads them. What is missing in them is said in English. */
export type MessagesSource = Partial<Messages> | (() => Promise<Partial<Messages>>);

const sources = new Map<string, MessagesSource>([
  ['en', {}],
  ['de', () => import('./de.js').then(({ de }) => de)],
  ['ar', () => import('./ar.js').then(({ ar }) => ar)],
]);
const loaded = new Map<string, Promise<WordsOf>>();
const listeners = new Set<() => void>();

/**
 * Teaches every panel of the page a language, or other words in one that it has: `tag` is its BCP 47 tag, such as `fr`
 * or `pt-BR`. The panels that speak it change at once.
 */
export function registerMessages(tag: string, messages: MessagesSource): void {
  const name = canonical(tag);
  const known = sources.get(name);
  sources.set(name, typeof messages === 'object' && known !== undefined ? merged(known, messages) : messages);
  loaded.clear();
  for (const listener of listeners) listener();
}

function merged(known: MessagesSource, more: Partial<Messages>): MessagesSource {
  return async () => ({ ...(await resolved(known)), ...more });
}

async function resolved(source: MessagesSource): Promise<Partial<Messages>> {
  return typeof source === 'function' ? source() : source;
}

/** Calls when a language was registered. Returns what ends it. */
export function onLanguages(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The words of the first of these languages that is there, English without one. */
export function wordsOf(tags: readonly string[]): Promise<WordsOf> {
  for (const tag of tags.map(canonical)) {
    const name = [tag, tag.split('-')[0] ?? ''].find((candidate) => sources.has(candidate));
    if (name === undefined) continue;
    const key = `${name} ${tag}`;
    const words = loaded.get(key) ?? load(name, tag);
    loaded.set(key, words);
    return words;
  }
  return Promise.resolve(english);
}

/** The numbers are those of the whole tag: de-CH has the words of de, and figures of its own. */
async function load(name: string, tag: string): Promise<WordsOf> {
  try {
    return new Words(tag, await resolved(sources.get(name) ?? {}), en);
  } catch {
    loaded.delete(`${name} ${tag}`); // it was not to be had: the next one who asks tries again
    return english;
  }
}

function canonical(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? '';
  } catch {
    return ''; // an attribute may hold anything
  }
}
