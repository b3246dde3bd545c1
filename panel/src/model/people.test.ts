import { describe, expect, it } from 'vitest';
import { person } from '../dev/fake-room.js';
import { english } from '../messages/words.js';
import { audienceLabel, distinctNames, hue, initials } from './people.js';

describe('initials', () => {
  it.each([
    ['Ana Moreau', 'AM'],
    ['ana', 'A'],
    ['Sam van der Berg', 'SB'],
    ['élodie', 'É'],
    ['jean-luc', 'JL'],
    ['林 薇', '林薇'],
    ['😀 Bo', 'B'],
    ['  ', '?'],
    ['!!!', '?'],
  ])('of %j are %s', (name, want) => {
    expect(initials(name)).toBe(want);
  });
});

describe('names', () => {
  it('that are met twice are numbered in order of arrival', () => {
    const names = distinctNames([person('1', 'Ana'), person('2', 'Ana'), person('3', 'Bo'), person('4', ' ')], english);
    expect([...names.values()]).toEqual(['Ana', 'Ana (2)', 'Bo', 'Guest']);
  });

  it.each([
    ['room' as const, 'everyone'],
    [['a'], 'Ana'],
    [['a', 'b'], 'Ana and Bo'],
    [['a', 'b', 'c'], 'Ana and 2 others'],
    [['gone'], 'someone who left'],
  ])('of an audience %j read %s', (to, want) => {
    const names = new Map([
      ['a', 'Ana'],
      ['b', 'Bo'],
      ['c', 'Cy'],
    ]);
    expect(audienceLabel(to, names, english)).toBe(want);
  });
});

it('gives a participant one of eight hues, always the same', () => {
  expect(hue('pt_1')).toBe(hue('pt_1'));
  for (const id of ['', 'a', 'pt_8f3a', '😀']) expect(hue(id)).toBeLessThan(8);
});
