import { english, type Message, type Values, Words, wordsOf } from '@handout/panel/ui';
import { en } from './messages/en.js';

/** What a message of the page is called. */
export type PageKey = keyof typeof en;

/** Every message of the page in a language. */
export type PageMessages = Readonly<Record<PageKey, Message>>;

/** The page's own languages, as the panel has them; a table is fetched when it is spoken. */
const TABLES = new Map<string, () => Promise<PageMessages>>([
  ['en', async () => en],
  ['de', () => import('./messages/de.js').then(({ de }) => de)],
  ['ar', () => import('./messages/ar.js').then(({ ar }) => ar)],
]);

let page = new Words('en', en, en);
let panel = english;

/**
 * Has the page speak the first of these languages that it has, and the document say so, which is what the panel goes by.
 * Where it has none of them, or cannot load it, that is English. What was said before stays as it is.
 */
export async function speak(tags: readonly string[]): Promise<void> {
  const words = await wordsOf(tags);
  const [name = ''] = words.tag.split('-');
  try {
    const table = await TABLES.get(name)?.();
    if (table === undefined) return;
    panel = words;
    page = new Words(words.tag, table, en);
  } catch {
    return; // all of it in English is better than half of it in another language
  }
  document.documentElement.lang = words.tag;
  document.documentElement.dir = words.dir;
}

/** A message of the page, with its values. */
export function say<K extends PageKey>(key: K, ...values: Values<typeof en, K>): string {
  return page.text(key, ...values);
}

/** The panel's words in the same language: what both say, numbers and times. */
export function words(): Words {
  return panel;
}
