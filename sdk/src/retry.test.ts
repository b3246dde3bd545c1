import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HandoutError } from './errors.js';
import { delayBefore, isNetworkLoss, isTransient, sleep, Waker } from './retry.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('doubles the delay up to its bound and spreads it', () => {
  const backoff = { minDelayMs: 100, maxDelayMs: 1_000 };
  expect([1, 2, 3, 4, 5, 90].map((n) => delayBefore(n, backoff, () => 1))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  expect(delayBefore(1, backoff, () => 0)).toBe(50);
});

it('sleeps as long as it is told', async () => {
  const done = vi.fn();
  void sleep(1_000).then(done);
  await vi.advanceTimersByTimeAsync(999);
  expect(done).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(done).toHaveBeenCalledOnce();
});

it('stops sleeping when it is cancelled, before or while it sleeps', async () => {
  const controller = new AbortController();
  const asleep = sleep(1_000, controller.signal);
  controller.abort();
  await expect(asleep).rejects.toMatchObject({ code: 'cancelled' });
  await expect(sleep(1_000, controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
  expect(vi.getTimerCount()).toBe(0);
});

it('wakes when the browser is online again', async () => {
  const window = new EventTarget();
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
  const asleep = sleep(60_000);
  window.dispatchEvent(new Event('online'));
  await asleep;
  expect(vi.getTimerCount()).toBe(0);
});

it.each([
  ['network', true, true],
  ['unavailable', true, true],
  ['too-many-requests', true, true],
  ['internal', false, true],
  ['offset-mismatch', false, true],
  ['forbidden', false, false],
  ['storage-full', false, false],
])('judges %s', (code, loss, transient) => {
  const error = new HandoutError(code, code);
  expect([isNetworkLoss(error), isTransient(error)]).toEqual([loss, transient]);
});

it('a waker ends a pause early, and a cancelled one with an error', async () => {
  const waker = new Waker();
  const controller = new AbortController();
  const first = waker.pause(90, controller.signal);
  waker.wake();
  await first;
  const second = waker.pause(90, controller.signal);
  controller.abort();
  await expect(second).rejects.toMatchObject({ code: 'cancelled' });
  expect(vi.getTimerCount()).toBe(0);
});
