import { describe, expect, it } from 'vitest';
import { readReconnect } from './reconnect.js';

describe('the reconnect argument', () => {
  it.each([
    [undefined, { allowed: true, patienceMs: undefined }],
    [null, { allowed: true, patienceMs: undefined }],
    [() => {}, { allowed: true, patienceMs: undefined }],
    [{}, { allowed: true, patienceMs: undefined }],
    [{ allow_reconnect: false }, { allowed: false, patienceMs: undefined }],
    [{ number_of_attempts: 5 }, { allowed: true, patienceMs: 50_000 }],
    [{ timeout_interval: 2000 }, { allowed: true, patienceMs: 6000 }],
    [
      { number_of_attempts: '4', timeout_interval: '500' },
      { allowed: true, patienceMs: 2000 },
    ],
    [
      { number_of_attempts: 0, timeout_interval: -1 },
      { allowed: true, patienceMs: undefined },
    ],
    [
      { number_of_attempts: 'many', timeout_interval: null },
      { allowed: true, patienceMs: undefined },
    ],
  ])('%j', (value, read) => {
    expect(readReconnect(value)).toEqual(read);
  });
});
