import { literals, tableFaults, tagsOf, unsaid, withoutTables } from '@handout/panel/dev';
import { expect, it } from 'vitest';
import { ar } from './ar.js';
import { de } from './de.js';
import { en } from './en.js';

const sources = import.meta.glob<string>(['../**/*.ts', '!../**/*.test.ts', '!../dev/**'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
const code = withoutTables(sources);

it('has every message in every language, with its values and its forms', () => {
  expect(tableFaults({ en, de, ar })).toEqual([]);
});

it('has a test for every language that there is', () => {
  expect(tagsOf(sources)).toEqual(['ar', 'de', 'en']);
});

it('has no message that nothing says', () => {
  expect(unsaid(en, code)).toEqual([]);
});

it('is all that people get to read: no words stand in the code', () => {
  expect(literals(code).filter((found) => !found.endsWith('>Handout</'))).toEqual([]);
});
