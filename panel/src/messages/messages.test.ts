import { expect, it } from 'vitest';
import { literals, tableFaults, tagsOf, unsaid, withoutTables } from '../dev/message-checks.js';
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

it('sees what is wrong with a table', () => {
  const table = { a: 'A {x}', b: { one: '{count} b', other: '{count} b' } };
  expect(tableFaults({ en: table, de: { ...table, c: 'C' } })).toEqual(['de: c is no message']);
  expect(tableFaults({ en: table, de: { a: 'A {x}' } })).toEqual(['de: b is missing']);
  expect(tableFaults({ en: table, de: { ...table, a: 'A {y}' } })).toEqual(['de: a has other values']);
  expect(tableFaults({ en: table, ar: table })).toEqual(['ar: b has not the forms few,many,one,other,two,zero']);
  const forms = { zero: '', one: 'x', two: 'x', few: 'x', many: 'x', other: 'x' };
  expect(tableFaults({ en: table, ar: { ...table, b: forms } })).toEqual(['ar: b is empty']);
});

it('has a test for every language that there is', () => {
  expect(tagsOf(sources)).toEqual(['ar', 'de', 'en']);
});

it('has no message that nothing says', () => {
  expect(unsaid(en, code)).toEqual([]);
  expect(unsaid({ 'never.said': 'Never' }, code)).toEqual(['never.said']);
});

it('is all that people get to read: no words stand in the code', () => {
  expect(literals(code)).toEqual([]);
  expect(literals({ 'a.ts': '<p title="Some words">Other words</p>' })).toHaveLength(2);
});
