import { describe, expect, it } from 'vitest';
import { ar } from './ar.js';
import { de } from './de.js';
import { en } from './en.js';
import type { Message, Messages } from './words.js';

/** The code, by path. */
const sources = Object.entries(
  import.meta.glob<string>(['../**/*.ts', '!../**/*.test.ts', '!../dev/**'], {
    query: '?raw',
    import: 'default',
    eager: true,
  }),
);

const code = sources.filter(([path]) => !/^\.\/..\.ts$/.test(path));

const languages: Readonly<Record<string, Messages>> = { en, de, ar };

const forms = (message: Message): string[] => (typeof message === 'string' ? [message] : Object.values(message));
/** What all forms need: `{count}` may be left to the form, as in "one file". */
const needed = (message: Message): string[] => {
  const in_ = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const all = forms(message).flatMap(in_);
  return [...new Set(all)].filter((name) => typeof message === 'string' || name !== 'count').sort();
};

describe.each(Object.entries(languages))('%s', (tag, messages) => {
  it('has every message, with the same values', () => {
    expect(Object.keys(messages).sort()).toEqual(Object.keys(en).sort());
    for (const [key, message] of Object.entries(en)) {
      expect([key, needed(messages[key as keyof typeof en])]).toEqual([key, needed(message)]);
    }
  });

  it('has a form for each category of numbers that its language knows', () => {
    const categories = new Intl.PluralRules(tag).resolvedOptions().pluralCategories.sort();
    for (const [key, message] of Object.entries(messages)) {
      if (typeof message !== 'string') expect([key, Object.keys(message).sort()]).toEqual([key, categories]);
    }
  });

  it('leaves nothing empty, and no value out of a form that needs it', () => {
    for (const [key, message] of Object.entries(messages))
      for (const form of forms(message)) {
        expect(form.trim(), key).not.toBe('');
        for (const name of needed(message)) expect(form, key).toContain(`{${name}}`);
      }
  });
});

it('has a test for every language that there is', () => {
  const tags = sources.flatMap(([path]) => /^\.\/([a-z]{2})\.ts$/.exec(path)?.[1] ?? []);
  expect(tags.sort()).toEqual(Object.keys(languages).sort());
});

it('has no message that nothing says', () => {
  const said = code.map(([, text]) => text).join('\n');
  for (const key of Object.keys(en)) {
    const parts = key.split('.');
    // `state.${state}` stands for all that begin so, and `${verb}.of` for all that end so.
    const stems = parts.flatMap((_, i) => [
      `${[...parts.slice(0, i), ''].join('.')}\${`,
      `}.${parts.slice(i + 1).join('.')}\``,
    ]);
    expect(said.includes(`'${key}'`) || stems.some((stem) => stem.length > 3 && said.includes(stem)), key).toBe(true);
  }
});

/** Words for people that stand in a template or a property instead of in the table. */
const LITERALS = [
  /(?:aria-label|title|placeholder|alt)="[^"$]*[A-Za-z]{2}/g, // an attribute that is read out
  />\s*[A-Z][a-z]+[^<>{}=`]*<\//g, // a text between tags
  /\.(?:show|refuse|notify|announce)\(\s*['"`][A-Z]/g, // said directly
];

it('is all that people get to read: no words stand in the code', () => {
  const found = code.flatMap(([path, text]) => {
    const bare = text.replace(/\/\*\*.*?\*\//gs, '').replace(/(?<![:'"`])\/\/.*/g, '');
    return LITERALS.flatMap((kind) => [...bare.matchAll(kind)].map(([words]) => `${path}: ${words}`));
  });
  expect(found).toEqual([]);
});
