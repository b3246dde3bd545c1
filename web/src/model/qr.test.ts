import { describe, expect, it } from 'vitest';
import { qrCode } from './qr.js';

describe('qrCode', () => {
  it('has a quiet zone of four modules around a code of an odd number of them', () => {
    const [x, y, width, height] = (qrCode('https://files.example.org/?room=weekly-review')?.viewBox ?? '')
      .split(' ')
      .map(Number);
    expect([x, y]).toEqual([-4, -4]);
    expect(width).toBe(height);
    expect(((width ?? 0) - 8 - 17) % 4).toBe(0);
  });

  it('is another for another text', () => {
    expect(qrCode('a')?.path).not.toBe(qrCode('b')?.path);
  });

  it('is none of what is too long', () => {
    expect(qrCode('x'.repeat(5_000))).toBeUndefined();
  });
});
