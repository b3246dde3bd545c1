import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HandoutError } from './errors.js';
import { Transfer } from './transfer.js';

class Probe extends Transfer<string> {
  readonly kind = 'upload';
  readonly name = 'a.txt';
  readonly type = 'text/plain';
  readonly size = 1_000;
  readonly told: string[] = [];
  cancel(): void {
    this.endCancelled('me');
  }
  retry(): void {
    this.reset();
  }
  protected changed(): void {
    this.told.push(`${this.state.kind} ${this.progress.transferred}`);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a transfer', () => {
  it('tells each state once', () => {
    const transfer = new Probe();
    for (const kind of ['running', 'running', 'paused', 'running', 'verifying'] as const) transfer.advance(kind);
    transfer.complete('x');
    expect(transfer.told).toEqual(['running 0', 'paused 0', 'running 0', 'verifying 0', 'completed 1000']);
  });

  it('ends once, whatever comes after', async () => {
    const transfer = new Probe();
    transfer.complete('bytes');
    transfer.fail(new HandoutError('internal', 'x'));
    transfer.endCancelled('sender');
    transfer.advance('running');
    transfer.report(4);
    expect(transfer.told).toEqual(['completed 1000']);
    await expect(transfer.done).resolves.toBe('bytes');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects with its error, or says that it was cancelled', async () => {
    const failed = new Probe();
    const error = new HandoutError('forbidden', 'no');
    failed.fail(error);
    await expect(failed.done).rejects.toBe(error);
    expect(failed.state).toEqual({ kind: 'failed', error });

    const cancelled = new Probe();
    cancelled.endCancelled('sender');
    await expect(cancelled.done).rejects.toMatchObject({ code: 'cancelled' });
    expect([failed.canRetry, cancelled.canRetry]).toEqual([true, false]);
  });

  it('starts anew with a new promise', async () => {
    const transfer = new Probe();
    transfer.cancel();
    const first = transfer.done;
    transfer.retry();
    transfer.complete('second');
    await expect(first).rejects.toMatchObject({ code: 'cancelled' });
    await expect(transfer.done).resolves.toBe('second');
    transfer.advance('running');
    expect(transfer.state.kind).toBe('completed');
  });

  it('does not start anew while it runs', () => {
    const transfer = new Probe();
    transfer.advance('running');
    transfer.retry();
    expect(transfer.state.kind).toBe('running');
  });

  it('tells progress at most five times a second, and the last of it', () => {
    const transfer = new Probe();
    transfer.advance('running');
    transfer.told.length = 0;
    // A hundred reports in a second: five are told, and the last one a beat later.
    for (let bytes = 10; bytes <= 1_000; bytes += 10) {
      vi.advanceTimersByTime(10);
      transfer.report(bytes);
    }
    vi.advanceTimersByTime(1_000);
    expect(transfer.told).toHaveLength(6);
    expect(transfer.told.at(-1)).toBe('running 1000');
    expect(transfer.progress.rate).toBeGreaterThan(900);
  });

  it('tells an end at once and no progress after it', () => {
    const transfer = new Probe();
    transfer.advance('running');
    transfer.report(500);
    transfer.cancel();
    vi.advanceTimersByTime(1_000);
    expect(transfer.told).toEqual(['running 0', 'cancelled 500']);
  });

  it('heeds a signal while it runs, also when it is started again, and lets go of it', () => {
    const controller = new AbortController();
    const listeners = () => getEventListeners(controller.signal, 'abort').length;
    const [first, second] = [new Probe(), new Probe()];
    for (const transfer of [first, second, first]) transfer.heed(controller.signal);
    expect(listeners()).toBe(2);
    first.fail(new HandoutError('network', 'x'));
    second.complete('bytes');
    expect(listeners()).toBe(0);
    first.retry();
    controller.abort();
    expect([first.state, second.state]).toEqual([{ kind: 'cancelled', by: 'me' }, { kind: 'completed' }]);
    expect(listeners()).toBe(0);
    first.retry(); // asked for after the signal: it counts
    expect(first.state.kind).toBe('waiting');
  });
});
