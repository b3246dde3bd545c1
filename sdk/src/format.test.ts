import { expect, it } from 'vitest';
import { formatBytes, formatDuration, formatRate } from './format.js';

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [999.6, '1.0 kB'],
  [1_000, '1.0 kB'],
  [9_960, '10 kB'],
  [48_400_000, '48 MB'],
  [999_999, '1.0 MB'],
  [2_147_483_648, '2.1 GB'],
  [3e18, '3000 PB'],
  [-1, '0 B'],
  [Number.NaN, '0 B'],
])('writes %d bytes as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it('writes rates', () => {
  expect(formatRate(6_400_000)).toBe('6.4 MB/s');
});

it.each([
  [0, '0 s'],
  [0.2, '1 s'],
  [59.2, '1 min'],
  [61, '2 min'],
  [3_600, '1 h'],
  [3_900, '1 h 5 min'],
  [Number.POSITIVE_INFINITY, '0 s'],
])('writes %d seconds as %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
