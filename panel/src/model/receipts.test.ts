import type { Receipt } from '@handout/sdk';
import { describe, expect, it } from 'vitest';
import { receipts } from '../dev/fake-room.js';
import { english } from '../messages/words.js';
import { MAX_ROWS, overview } from './receipts.js';

const NAMES = new Map([
  ['ana', 'Ana'],
  ['bo', 'Bo'],
  ['cy', 'Cy'],
]);
const people = { names: NAMES, here: new Set(NAMES.keys()) };

type State = Receipt['state'];
const all = (...states: State[]) => {
  const ids = ['ana', 'bo', 'cy', 'dee', 'eve'];
  return receipts(...states.map((state, i) => ({ participant: ids[i] ?? `p${i}`, state }))).values();
};
const say = (...states: State[]) => {
  const shown = overview(all(...states), people, english);
  return shown && [shown.summary, shown.tone];
};

describe('what a card says of its recipients', () => {
  it('is nothing without any', () => {
    expect(overview([], people, english)).toBeUndefined();
  });

  it.each<[State, string, string]>([
    ['offered', 'Ana has not seen it yet', 'quiet'],
    ['seen', 'Ana has seen it', 'quiet'],
    ['downloading', 'Ana is saving it', 'live'],
    ['received', 'Ana has it', 'good'],
    ['declined', 'Ana declined it', 'quiet'],
    ['cancelled', 'Ana cancelled it', 'quiet'],
    ['failed', 'Ana could not save it', 'bad'],
  ])('names the only one: %s', (state, text, tone) => {
    expect(say(state)).toEqual([text, tone]);
  });

  it.each<[State[], string, string]>([
    [['offered', 'offered'], 'Not seen yet by 2 people', 'quiet'],
    [['seen', 'offered', 'declined'], 'Seen by 2 of 3', 'quiet'],
    [['downloading', 'offered'], '1 saving', 'live'],
    [['received', 'offered', 'seen'], '1 of 3 has it', 'quiet'],
    [['received', 'received', 'seen', 'downloading', 'failed'], '2 of 5 have it · 1 saving · 1 failed', 'live'],
    [['received', 'received'], 'Both have it', 'good'],
    [['received', 'received', 'received'], 'Everyone has it', 'good'],
    [['failed', 'offered'], 'Seen by 1 of 2 · 1 failed', 'quiet'],
  ])('counts several: %j', (states, text, tone) => {
    expect(say(...states)).toEqual([text, tone]);
  });
});

describe('the list of recipients', () => {
  const rows = (...given: Parameters<typeof receipts>) =>
    overview(receipts(...given).values(), people, english)?.rows() ?? [];

  it('begins with those where something happens, then by name', () => {
    const shown = rows(
      { participant: 'cy', state: 'offered' },
      { participant: 'bo', state: 'received' },
      { participant: 'ana', state: 'received' },
      { participant: 'dee', name: 'Dee', state: 'declined' },
    );
    expect(shown.map(({ name, text }) => `${name}: ${text}`)).toEqual([
      'Ana: Has it',
      'Bo: Has it',
      'Dee: Declined',
      'Cy: Not seen yet',
    ]);
  });

  it('shows how far a download is while its recipient is here', () => {
    const shown = rows(
      { participant: 'ana', state: 'downloading', percent: 42 },
      { participant: 'gone', name: 'Gone', state: 'downloading', percent: 42 },
    );
    expect(shown.map(({ text, percent }) => [text, percent])).toEqual([
      ['Saving', 42],
      ['Left while saving', undefined],
    ]);
  });

  it('says why one failed, in words, and names nobody it does not know', () => {
    const shown = rows(
      { participant: 'ana', state: 'failed', reason: 'no-space' },
      { participant: 'x', state: 'failed', reason: 'internal' },
    );
    expect(shown.map(({ name, text }) => [name, text])).toEqual([
      ['Ana', 'No space on their device'],
      ['Someone who left', 'Not saved'],
    ]);
  });

  it('is bounded', () => {
    const many = overview(
      receipts(...Array.from({ length: 250 }, (_, i) => ({ participant: `p${i}`, state: 'seen' as const }))).values(),
      people,
      english,
    );
    expect(many?.rows()).toHaveLength(MAX_ROWS);
    expect(many?.faces).toHaveLength(4);
    expect(many?.more).toBe(150);
  });
});
