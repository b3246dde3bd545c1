import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_STREAMS, Slots } from './slots.js';

const never = new AbortController().signal;
let slots: Slots;
let log: string[];

beforeEach(() => {
  slots = new Slots();
  log = [];
});

/** Takes a connection, and says so. */
async function take(name: string, first: boolean, signal = never): Promise<() => void> {
  const free = await slots.take(first, signal);
  log.push(name);
  return free;
}

async function takeAll(): Promise<(() => void)[]> {
  return Promise.all(Array.from({ length: MAX_STREAMS }, (_, i) => take(`${i}`, false)));
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('the connections of a page', () => {
  it('are as many as there are, and one is given on when it is free', async () => {
    const [free] = await takeAll();
    void take('next', false);
    await settled();
    expect(log).toEqual(['0', '1', '2', '3']);
    free?.();
    free?.(); // once is enough
    void take('after', false);
    await settled();
    expect(log.at(-1)).toBe('next');
  });

  it("go to each upload's first before anybody's second", async () => {
    const held = await takeAll();
    void take('second', false);
    void take('first', true);
    await settled();
    for (const free of held) free();
    await settled();
    expect(log.slice(4)).toEqual(['first', 'second']);
  });

  it('are not given to who gave up', async () => {
    const [free] = await takeAll();
    const gone = new AbortController();
    const waiting = take('gone', true, gone.signal);
    const next = take('next', false);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await expect(take('late', true, gone.signal)).rejects.toMatchObject({ code: 'cancelled' });
    free?.();
    await next;
    expect(log.at(-1)).toBe('next');
  });
});
