import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HandoutError } from './errors.js';
import type { ReceiptAnswer, ReceiptWord } from './receipt-records.js';
import { Waker } from './retry.js';
import { Words } from './words.js';

/** One request, which waits for the test to say how it ends. */
interface Request {
  readonly words: string[];
  answer(): void;
  fail(code: string): void;
}

let requests: Request[];
let pauses: number;
let words: Words;

const text = ({ share, state }: ReceiptWord) => `${share} ${state}`;

beforeEach(() => {
  requests = [];
  pauses = 0;
  const receipts = (said: readonly ReceiptWord[]) =>
    new Promise<readonly ReceiptAnswer[]>((resolve, reject) => {
      requests.push({
        words: said.map(text),
        answer: () => resolve(said.map(({ share }) => ({ share, code: 'share-ended' }))),
        fail: (code) => reject(new HandoutError(code, code)),
      });
    });
  const sleep = () => {
    pauses++;
    return new Promise<void>((resolve) => setImmediate(resolve));
  };
  words = new Words({ api: { receipts }, waker: new Waker({ sleep, random: () => 0 }) });
});

async function request(n: number): Promise<Request> {
  await vi.waitFor(() => expect(requests).toHaveLength(n), { interval: 1 });
  return requests[n - 1] as Request;
}

const idle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('words', () => {
  it('that come together travel together', async () => {
    for (const share of ['a', 'b', 'c']) words.say({ share, state: 'cancelled' });
    expect((await request(1)).words).toEqual(['a cancelled', 'b cancelled', 'c cancelled']);
    expect(pauses).toBe(0);
  });

  it('of what comes into view are gathered', async () => {
    words.say({ share: 'a', state: 'seen' });
    await Promise.resolve();
    words.say({ share: 'b', state: 'seen' });
    expect((await request(1)).words).toEqual(['a seen', 'b seen']);
    expect(pauses).toBe(1);
  });

  it('are the last ones on each file', async () => {
    words.say({ share: 'a', state: 'seen' });
    words.say({ share: 'a', state: 'declined' });
    const first = await request(1);
    expect(first.words).toEqual(['a declined']);
    words.say({ share: 'a', state: 'downloading' });
    words.say({ share: 'a', state: 'cancelled' });
    expect(requests).toHaveLength(1);
    first.answer();
    expect((await request(2)).words).toEqual(['a cancelled']);
  });

  it('are told until the server has them, the newest of each file', async () => {
    words.say({ share: 'a', state: 'cancelled' });
    words.say({ share: 'b', state: 'declined' });
    const first = await request(1);
    words.say({ share: 'a', state: 'downloading' });
    first.fail('network');
    (await request(2)).fail('unavailable');
    const third = await request(3);
    expect(third.words).toEqual(['a downloading', 'b declined']);
    expect(words.owes('b')).toBe(true);
    third.answer();
    await vi.waitFor(() => expect(words.owes('b')).toBe(false), { interval: 1 });
    await idle();
    expect(requests).toHaveLength(3);
    expect(pauses).toBe(2);
  });

  it('that the server refuses are over', async () => {
    words.say({ share: 'a', state: 'cancelled' });
    (await request(1)).fail('unauthenticated');
    await idle();
    expect(words.owes('a')).toBe(false);
    expect(requests).toHaveLength(1);
  });

  it('are at most 200 in a request', async () => {
    for (let n = 0; n < 201; n++) words.say({ share: `sh_${n}`, state: 'declined' });
    const first = await request(1);
    expect(first.words).toHaveLength(200);
    first.answer();
    expect((await request(2)).words).toEqual(['sh_200 declined']);
  });

  it('are told once more by who leaves, also those that are on their way', async () => {
    words.say({ share: 'a', state: 'cancelled' });
    await request(1);
    words.say({ share: 'b', state: 'cancelled' });
    const stopped = words.stop('me');
    const last = await request(2);
    expect(last.words).toEqual(['a cancelled', 'b cancelled']);
    last.fail('network');
    await stopped;
    requests[0]?.fail('network');
    await idle();
    words.say({ share: 'c', state: 'seen' });
    await idle();
    expect(requests).toHaveLength(2);
  });

  it('are not told when the room has ended', async () => {
    words.say({ share: 'a', state: 'seen' });
    await words.stop('room');
    await idle();
    expect(requests).toHaveLength(0);
  });
});
