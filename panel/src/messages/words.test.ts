import { describe, expect, it } from 'vitest';
import { ar } from './ar.js';
import { de } from './de.js';
import { en } from './en.js';
import { english, Words } from './words.js';

const german = new Words('de', de, en);
const arabic = new Words('ar', ar, en);

describe('a message', () => {
  it('takes its values', () => {
    expect(english.text('card.to', { who: 'Ana' })).toBe('to Ana');
    expect(german.text('save.of', { name: 'a.pdf' })).toBe('a.pdf speichern');
  });

  it('has the form that its number asks for', () => {
    const files = (words: Words, count: number) => words.text('total.sending', { count });
    expect([1, 2, 1_200].map((count) => files(english, count))).toEqual([
      'Sending 1 file',
      'Sending 2 files',
      'Sending 1,200 files',
    ]);
    expect(files(german, 1_200)).toBe('1.200 Dateien werden gesendet');
    expect(files(arabic, 2)).toBe('إرسال ملفين');
    expect(files(arabic, 3)).toContain('ملفات');
    expect(files(arabic, 11)).toContain('ملفًا');
  });

  it('isolates a name whose direction is another than its own', () => {
    expect(english.text('card.to', { who: 'Ana' })).toBe('to Ana');
    expect(english.text('card.to', { who: 'نور' })).toBe('to \u2068نور\u2069');
    expect(arabic.text('card.to', { who: 'Ana' })).toBe('إلى \u2068Ana\u2069');
  });

  it('that a language does not have is said in English', () => {
    const french = new Words('fr', { save: 'Enregistrer' }, en);
    expect([french.text('save'), french.text('keep')]).toEqual(['Enregistrer', 'Keep']);
  });

  it('puts nothing of a value into the sentence but its text', () => {
    expect(english.text('card.to', { who: '$& {who} $1' })).toBe('to $& {who} $1');
  });

  it('is asked for by a code that may be unknown', () => {
    expect(english.known('fault.network')).toBe('The connection was lost');
    expect(english.known('fault.brand-new')).toBeUndefined();
    expect(english.known('toString')).toBeUndefined();
  });
});

describe('figures', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1_000, '1.0 kB'],
    [48_000_000, '48 MB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [9_949_999, '9.9 MB'],
    [9_950_000, '10 MB'],
    [2_100_000_000, '2.1 GB'],
    [Number.NaN, '0 bytes'],
    [-1, '0 bytes'],
  ])('%d bytes are %s', (bytes, want) => {
    expect(english.bytes(bytes)).toBe(want);
  });

  it('are those of the language', () => {
    expect(german.bytes(4_200_000)).toMatch(/^4,2\sMB$/);
    expect(german.percent(0.45)).toMatch(/^45\s%$/);
    expect(english.rate(6_400_000)).toBe('6.4 MB/s');
  });

  it.each([
    [0.2, '1 sec'],
    [59.2, '1 min'],
    [61, '2 min'],
    [3_600, '1 hr'],
    [3_661, '1 hr 2 min'],
  ])('%d s are %s, never too few', (seconds, want) => {
    expect(english.duration(seconds)).toBe(want);
  });

  it('join names', () => {
    expect(german.list(['Ana', 'Bo'])).toBe('Ana und Bo');
  });
});
