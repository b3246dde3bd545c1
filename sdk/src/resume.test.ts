import { beforeEach, describe, expect, it } from 'vitest';
import { ResumeRecords, type ResumeStorage } from './resume.js';
import { snapshot } from './source.js';

class MemoryStorage implements ResumeStorage {
  readonly items = new Map<string, string>();
  full = false;
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    if (this.full) throw new DOMException('full', 'QuotaExceededError');
    this.items.set(key, value);
  }
}

function sourceFile(more: { name?: string; body?: string; lastModified?: number } = {}) {
  const file = new File([more.body ?? 'abc'], more.name ?? 'a.txt', { lastModified: more.lastModified ?? 7 });
  return snapshot(file)[0] as ReturnType<typeof snapshot>[number];
}

describe('ResumeRecords', () => {
  let storage: MemoryStorage;
  let now: number;
  const records = (more: { room?: string; participant?: string } = {}) =>
    new ResumeRecords({ storage, room: 'rm_1', participant: 'ana', maxAgeMs: 1_000, now: () => now, ...more });

  beforeEach(() => {
    storage = new MemoryStorage();
    now = 5_000;
  });

  it('finds what another page kept, whatever the order of the recipients', () => {
    records().keep(sourceFile(), ['bo', 'cy'], 'sh_1');
    expect(records().find(sourceFile(), ['cy', 'bo'])).toEqual(['sh_1']);
  });

  it.each([
    ['another room', { room: 'rm_2' }, {}, 'room' as const],
    ['another participant', { participant: 'bo' }, {}, 'room' as const],
    ['another name', {}, { name: 'b.txt' }, 'room' as const],
    ['another size', {}, { body: 'abcd' }, 'room' as const],
    ['another date', {}, { lastModified: 8 }, 'room' as const],
    ['another audience', {}, {}, ['bo']],
  ])('does not find it for %s', (_, who, what, to) => {
    records().keep(sourceFile(), 'room', 'sh_1');
    expect(records(who).find(sourceFile(what), to)).toEqual([]);
  });

  it('keeps files of the same name in different folders apart', () => {
    const inFolder = (path: string) => ({ ...sourceFile(), path });
    records().keep(inFolder('a'), 'room', 'sh_1');
    expect(records().find(inFolder('a'), 'room')).toEqual(['sh_1']);
    expect(records().find(inFolder('b'), 'room')).toEqual([]);
    expect(records().find(sourceFile(), 'room')).toEqual([]);
  });

  it('keeps twins apart and forgets one alone', () => {
    records().keep(sourceFile(), 'room', 'sh_1');
    records().keep(sourceFile(), 'room', 'sh_2');
    records().keep(sourceFile(), 'room', 'sh_2');
    expect(records().find(sourceFile(), 'room')).toEqual(['sh_2', 'sh_1']);
    records().drop('sh_2');
    expect(records().find(sourceFile(), 'room')).toEqual(['sh_1']);
  });

  it('is bounded in age and number', () => {
    records().keep(sourceFile(), 'room', 'old');
    now += 1_000;
    expect(records().find(sourceFile(), 'room')).toEqual([]);
    for (let i = 0; i < 250; i++) records().keep(sourceFile(), 'room', `sh_${i}`);
    const kept = records().find(sourceFile(), 'room');
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([200, 'sh_249', 'sh_50']);
  });

  it('remembers nothing of bytes that cannot be picked again', () => {
    const [blob] = snapshot(new Blob(['abc']));
    if (blob === undefined) throw new Error('no blob');
    records().keep(blob, 'room', 'sh_1');
    expect(records().find(blob, 'room')).toEqual([]);
    expect(storage.items.size).toBe(0);
  });

  it.each(['{', '{}', '[1, null, {"key": 3}]'])('survives the foreign value %s', (value) => {
    storage.items.set('handout.uploads', value);
    expect(records().find(sourceFile(), 'room')).toEqual([]);
    records().keep(sourceFile(), 'room', 'sh_1');
    expect(records().find(sourceFile(), 'room')).toEqual(['sh_1']);
  });

  it('lives without storage, or with one that is full', () => {
    storage.full = true;
    records().keep(sourceFile(), 'room', 'sh_1');
    expect(records().find(sourceFile(), 'room')).toEqual([]);
    const none = new ResumeRecords({ storage: undefined, room: 'r', participant: 'p', maxAgeMs: 1 });
    none.keep(sourceFile(), 'room', 'sh_1');
    none.drop('sh_1');
    expect(none.find(sourceFile(), 'room')).toEqual([]);
  });
});
