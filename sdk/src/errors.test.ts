import { expect, it } from 'vitest';
import { asHandoutError, HandoutError, throwIfAborted } from './errors.js';

it('carries its facts', () => {
  const cause = new TypeError('offline');
  const error = new HandoutError('network', 'no answer', { status: 502, detail: 'bad gateway', cause });
  expect(error).toMatchObject({ name: 'HandoutError', code: 'network', status: 502, detail: 'bad gateway', cause });
  expect(new HandoutError('cancelled', 'x')).toMatchObject({ status: undefined, detail: undefined });
});

it('keeps an error of ours and wraps any other', () => {
  const ours = new HandoutError('forbidden', 'x');
  expect(asHandoutError(ours)).toBe(ours);
  const theirs = new RangeError('y');
  expect(asHandoutError(theirs)).toMatchObject({ code: 'internal', message: 'y', cause: theirs });
  expect(asHandoutError('z').message).toBe('z');
});

it('throws for an aborted signal only', () => {
  expect(() => throwIfAborted(undefined)).not.toThrow();
  expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
  expect(() => throwIfAborted(AbortSignal.abort())).toThrow(expect.objectContaining({ code: 'cancelled' }));
});
