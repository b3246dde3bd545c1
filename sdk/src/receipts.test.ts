import { beforeEach, describe, expect, it } from 'vitest';
import type { SharedFile } from './file.js';
import { Files } from './files.js';
import { type Participant, People } from './people.js';
import type { ShareRecord } from './protocol.js';
import { Receipts } from './receipts.js';
import { noActions } from './testing/actions.js';
import { participant, receipt, share } from './testing/records.js';

const ANA = { id: 'ana', name: 'Ana' };
const mine = (more: Partial<ShareRecord> = {}) => share({ sender: ANA, size: 100, ...more });
const person = (id: string, more: Partial<Participant> = {}) =>
  participant({ id, name: id.toUpperCase(), joinedAt: '2026-03-14T15:00:00Z', ...more });

let files: Files;
let people: People;
let receipts: Receipts;
let told: string[];

beforeEach(() => {
  told = [];
  files = new Files('ana', noActions, {
    added: () => undefined,
    changed: (file) => receipts.fileChanged(file),
    offered: () => undefined,
  });
  people = new People({
    joined: (one) => receipts.joined(one),
    left: (one) => receipts.left(one),
  });
  receipts = new Receipts({
    me: 'ana',
    files: files.byId,
    people: people.byId,
    changed: (file, news) =>
      told.push(`${file.id}: ${news.map((one) => `${one.participant} ${one.state}`).join(', ')}`),
  });
  people.replace([participant(), person('bo'), person('vic', { grants: [] })]);
  told.length = 0;
});

function file(record: ShareRecord = mine()): SharedFile {
  files.apply([record]);
  return files.byId.get(record.id) as SharedFile;
}

const states = (of: SharedFile) => [...receipts.of(of).values()].map(({ name, state }) => `${name} ${state}`);

describe('the receipts of a file of mine', () => {
  it('name everybody here who may receive, and who comes later', () => {
    const sent = file();
    expect(states(sent)).toEqual(['BO offered']);
    people.join(person('cy', { joinedAt: '2026-03-14T16:00:00Z' }));
    expect(states(sent)).toEqual(['BO offered', 'CY offered']);
    expect(told).toEqual(['sh_1: cy offered']);
    expect(receipts.of(sent).get('bo')?.offeredAt).toEqual(sent.createdAt);
    expect(receipts.of(sent).get('cy')?.offeredAt).toEqual(new Date('2026-03-14T16:00:00Z'));
  });

  it('keep who has left after doing something, and its name', () => {
    const sent = file();
    people.join(person('cy'));
    receipts.apply([receipt({ state: 'received', rev: 2 })]);
    told.length = 0;
    for (const id of ['bo', 'cy']) people.leave(person(id));
    expect(states(sent)).toEqual(['Bo received']);
    expect(told).toEqual(['sh_1: ', 'sh_1: ']);
  });

  it('name the listed ones alone, wherever they are', () => {
    const sent = file(mine({ to: ['bo', 'cy'] }));
    people.join(person('dee'));
    people.join(person('cy'));
    people.leave(person('cy'));
    expect(states(sent)).toEqual(['BO offered', 'CY offered']);
    expect(told).toEqual(['sh_1: cy offered', 'sh_1: ']);
  });

  it('are replaced by newer ones alone', () => {
    const sent = file();
    const steps = [
      receipt({ state: 'downloading', rev: 2 }),
      receipt({ state: 'seen', rev: 1 }),
      receipt({ state: 'received', rev: 3, endedAt: '2026-03-14T15:10:00Z' }),
    ];
    receipts.apply([...steps, ...steps]);
    expect(states(sent)).toEqual(['BO received']);
    expect(receipts.of(sent).get('bo')).toMatchObject({
      bytes: 100,
      percent: 100,
      endedAt: new Date('2026-03-14T15:10:00Z'),
    });
    expect(told).toEqual(['sh_1: bo received']);
  });

  it('say how far a download is, and begin again with it', () => {
    const sent = file();
    const percent = () => receipts.of(sent).get('bo')?.percent;
    receipts.apply([receipt({ state: 'downloading', rev: 1, bytes: 10 })]);
    expect(percent()).toBe(10);
    receipts.moved([
      { share: 'sh_1', participant: 'bo', bytes: 100 },
      { share: 'sh_1', bytes: 7 },
    ]);
    expect(percent()).toBe(99);
    receipts.apply([receipt({ state: 'failed', reason: 'network', rev: 2 })]);
    receipts.apply([receipt({ state: 'downloading', rev: 3 })]);
    expect(percent()).toBe(0);
    expect(told).toEqual(['sh_1: bo downloading', 'sh_1: bo downloading', 'sh_1: bo failed', 'sh_1: bo downloading']);
  });

  it('know no percent of a length that nobody has said', () => {
    const sent = file(share({ sender: ANA, size: undefined as unknown as number }));
    receipts.moved([{ share: 'sh_1', participant: 'bo', bytes: 40 }]);
    expect(receipts.of(sent).get('bo')).toMatchObject({ bytes: 40, percent: undefined });
    files.apply([mine({ rev: 2 })]);
    expect(receipts.of(sent).get('bo')).toMatchObject({ percent: 40 });
  });

  it('come before the file as well', () => {
    receipts.apply([receipt({ state: 'seen', rev: 1 })]);
    expect(receipts.wanted).toBe(false);
    expect(told).toEqual([]);
    expect(states(file())).toEqual(['BO seen']);
    expect(receipts.wanted).toBe(true);
  });

  it('are for nobody new when it has ended', () => {
    const sent = file();
    receipts.apply([receipt({ state: 'received', rev: 1 })]);
    files.apply([mine({ state: 'cancelled', rev: 2 })]);
    told.length = 0;
    people.join(person('cy'));
    expect(states(sent)).toEqual(['BO received']);
    expect(told).toEqual([]);
  });

  it('are kept true as they are read', () => {
    const sent = file();
    const kept = receipts.of(sent);
    people.join(person('cy'));
    receipts.apply([receipt({ state: 'seen', rev: 1 })]);
    for (const id of ['bo', 'cy']) people.leave(person(id));
    expect(receipts.of(sent)).toBe(kept);
    expect([...kept.values()].map(({ name, state }) => `${name} ${state}`)).toEqual(['BO seen']);
  });
});

describe('the receipts of a file of another', () => {
  it('are not mine to read', () => {
    const other = file(share());
    receipts.apply([receipt({ state: 'seen', rev: 1 })]);
    expect(states(other)).toEqual([]);
    expect(told).toEqual([]);
  });
});
