import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HandoutError } from './errors.js';
import {
  hasEnded,
  leaveReason,
  parseEvent,
  parseOffered,
  parseParts,
  parseProblem,
  parseRoster,
  parseShare,
  parseSharePage,
  parseTicket,
  parseWelcome,
} from './protocol.js';
import { isReceipt, parseReceiptAnswers, parseReceiptPage, type ReceiptWord } from './receipt-records.js';

const TESTDATA = new URL('../../protocol/testdata/', import.meta.url);

function golden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, TESTDATA), 'utf8'));
}

/** A reader for each kind of golden message that we read. */
function read(name: string): unknown {
  const value = golden(name);
  if (name.startsWith('event-')) return parseEvent(value);
  if (name.startsWith('share-page')) return parseSharePage(value);
  if (name.startsWith('share-')) return parseShare(value);
  if (name.startsWith('offered')) return { shares: parseOffered(value) };
  if (name.startsWith('parts')) return { parts: parseParts(value) };
  if (name.startsWith('roster')) return parseRoster(value);
  if (name.startsWith('receipt-page')) return parseReceiptPage(value);
  if (name.startsWith('receipt-answers')) return { receipts: parseReceiptAnswers(value) };
  if (name.startsWith('ticket')) return parseTicket(value);
  if (name.startsWith('problem')) return parseProblem(value);
  if (name.startsWith('welcome')) return parseWelcome(value);
  throw new Error(`no reader for ${name}`);
}

/** Requests, and what is read by others than us. */
const UNREAD = [
  'offer.json',
  'message-request.json',
  'receipt-words.json',
  'ledger.json',
  'split.json',
  'share-list.json',
  'usage.json',
  'sharing-switch.json',
  'webhook-received.json',
];

describe('golden messages', () => {
  const names = readdirSync(TESTDATA).filter((name) => name.endsWith('.json') && !UNREAD.includes(name));
  it.each(names)('reads %s and loses nothing', (name) => {
    expect(read(name)).toEqual(golden(name));
  });
});

describe('receipts', () => {
  it('are read one by one', () => {
    const { receipts } = golden('ledger.json') as { receipts: unknown[] };
    expect(receipts.map(isReceipt)).toEqual([true, true]);
    expect(isReceipt({ ...(receipts[0] as object), state: 'polished' })).toBe(false);
    expect(() => parseReceiptPage({ receipts })).toThrow('not a page of receipts');
    expect(() => parseReceiptAnswers({ receipts: [{ share: 'sh_1' }] })).toThrow('not answers');
  });

  it('are said as the server reads them', () => {
    const { receipts } = golden('receipt-words.json') as { receipts: ReceiptWord[] };
    const words: ReceiptWord[] = [
      { share: 'sh_bbbbbbbbbbbbbbbbbbbbbbbbbb', state: 'seen' },
      { share: 'sh_bbbbbbbbbbbbbbbbbbbbbbbbbb', state: 'received', sha256: String(receipts[1]?.sha256) },
      { share: 'sh_bbbbbbbbbbbbbbbbbbbbbbbbbb', state: 'failed', reason: 'no-space' },
    ];
    expect(receipts).toEqual(words);
  });
});

describe('a share of the application', () => {
  it('comes from who is in no roster', () => {
    const { shares } = golden('share-list.json') as { shares: unknown[] };
    expect(shares.map(parseShare)[0]?.sender).toEqual({ id: '@operator', name: 'Front desk' });
  });
});

describe('an event that is not counted', () => {
  it('is one of the room', () => {
    const { stream: _, seq: __, ...event } = golden('event-participant-joined.json') as Record<string, unknown>;
    expect(parseEvent(event)).toEqual({ ...event, stream: 'room', seq: 0 });
  });
});

describe('what is not of the protocol', () => {
  const share = golden('share-targeted.json') as Record<string, unknown>;

  it.each([
    ['no id', { ...share, id: undefined }],
    ['a state of nobody', { ...share, state: 'held' }],
    ['a size that is a string', { ...share, size: '12' }],
    ['a negative offset', { ...share, offset: -1 }],
    ['nobody as the audience', { ...share, to: null }],
    ['a list of numbers as the audience', { ...share, to: [1] }],
    ['no object at all', 'share'],
  ])('refuses a share with %s', (_, value) => {
    expect(() => parseShare(value)).toThrow(HandoutError);
    expect(() => parseSharePage({ seq: '1.0', shares: [value] })).toThrow(HandoutError);
    expect(parseEvent({ type: 'shares.created', stream: 'room', seq: 1, time: '', shares: [value] })).toBeUndefined();
  });

  it.each([
    [null],
    [{}],
    [{ type: 'room.ended', seq: 1, time: '' }],
    [{ type: 'message', time: '', message: {} }],
    ['x'],
  ])('ignores the push %j', (value) => {
    expect(parseEvent(value)).toBeUndefined();
  });

  it('refuses replies of another shape', () => {
    for (const parse of [parseWelcome, parseRoster, parseOffered, parseTicket]) {
      expect(() => parse({ shares: [{}], participants: [{}] })).toThrow(HandoutError);
    }
    expect(parseProblem('<html>')).toBeUndefined();
  });

  it('refuses a welcome without a limit that it reckons with', () => {
    const welcome = golden('welcome.json') as { limits: object };
    expect(() => parseWelcome({ ...welcome, limits: { ...welcome.limits, receiptsPerRequest: undefined } })).toThrow(
      HandoutError,
    );
  });

  it('keeps the place of an event of a later server', () => {
    expect(parseEvent({ type: 'shares.held', stream: 'personal', seq: 4, time: 't', extra: 1 })).toEqual({
      type: 'unknown',
      stream: 'personal',
      seq: 4,
      time: 't',
    });
  });
});

describe('states and codes', () => {
  it('knows which states are final', () => {
    expect((['uploading', 'available', 'cancelled', 'failed', 'revoked', 'expired'] as const).map(hasEnded)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  it.each([
    [4500, 'replaced'],
    [4501, 'unauthenticated'],
    [4502, 'dropped'],
    [4503, 'room-ended'],
    [4504, 'left'],
    [4505, 'room-full'],
    [4999, 'connection-lost'],
  ])('reads close code %i as %s', (code, reason) => {
    expect(leaveReason(code)).toBe(reason);
  });
});
