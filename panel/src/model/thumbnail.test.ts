import { describe, expect, it } from 'vitest';
import { canShrink, smallEnough, thumbnailSource, within, worthThumbnails } from './thumbnail.js';

const file = (name: string, size = 1_000) => ({ name, size });

describe('thumbnails', () => {
  it('are made of pictures and films of a bearable size, by their names', () => {
    expect(thumbnailSource(file('a.JPG'))).toBe('image');
    expect(thumbnailSource(file('a.mp4'))).toBe('video');
    for (const other of ['a.svg', 'a.pdf', 'a.mp3', 'a.txt', 'a']) expect(thumbnailSource(file(other))).toBeUndefined();
    expect(thumbnailSource(file('a.png', (64 << 20) + 1))).toBeUndefined();
  });

  it('are not made when many files are sent at once, nor when none of them is a picture', () => {
    expect(worthThumbnails([file('a.txt'), file('a.png')])).toBe(true);
    expect(worthThumbnails([file('a.txt')])).toBe(false);
    expect(worthThumbnails(Array.from({ length: 65 }, () => file('a.png')))).toBe(false);
  });

  it('are not made of what is unknown, huge, or a line', () => {
    expect(canShrink({ width: 6_000, height: 4_000 })).toBe(true);
    expect(canShrink(undefined)).toBe(false);
    expect(canShrink({ width: 65_535, height: 65_535 })).toBe(false);
    expect(canShrink({ width: 0, height: 10 })).toBe(false);
    expect(canShrink({ width: 2_100, height: 100 })).toBe(false);
  });

  it('keep their sides in proportion, and are never enlarged', () => {
    expect(within({ width: 4_000, height: 3_000 }, 160)).toEqual({ width: 160, height: 120 });
    expect(within({ width: 30, height: 40 }, 160)).toEqual({ width: 30, height: 40 });
    expect(within({ width: 1_000, height: 1 }, 64)).toEqual({ width: 64, height: 1 });
  });

  it('get smaller and coarser until they are small enough, or are left out', async () => {
    const drawn: number[] = [];
    const draw = (bytes: (edge: number) => number) => async (step: { edge: number }) => {
      drawn.push(step.edge);
      return new Blob([new Uint8Array(bytes(step.edge))]);
    };
    expect((await smallEnough(draw((edge) => edge * 40)))?.size).toBe(96 * 40);
    expect(drawn).toEqual([160, 128, 96]);
    expect(await smallEnough(draw(() => 4_001))).toBeUndefined();
  });
});
