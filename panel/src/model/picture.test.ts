import { describe, expect, it } from 'vitest';
import { pictureSize } from './picture.js';

const bytes = (hex: string) =>
  Uint8Array.from(hex.replace(/\s/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)).buffer;

describe('pictureSize', () => {
  it.each([
    ['PNG', '89504e47 0d0a1a0a 0000000d 49484452 00000190 000000fa', 400, 250],
    ['GIF', '474946383961 9001 fa00 00', 400, 250],
    ['JPEG behind its own data', 'ffd8 ffe1 0006 00000000 ffff db 0004 0000 ffc2 0011 08 00fa 0190 03', 400, 250],
    ['WebP, extended', '52494646 00000000 57454250 56503858 0a000000 00000000 8f0100 f90000', 400, 250],
    ['WebP, lossy', '52494646 00000000 57454250 56503820 00000000 000000 9d012a 9001 fa00', 400, 250],
    ['WebP, lossless', '52494646 00000000 57454250 5650384c 00000000 2f 8f413e00', 400, 250],
    ['BMP, upside down', '424d 00000000 00000000 36000000 28000000 90010000 06ffffff', 400, 250],
    [
      'AVIF, the largest of two',
      '00000018 66747970 61766966 00000014 69737065 00000000 00000010 00000010 00000014 69737065 00000000 00000190 000000fa',
      400,
      250,
    ],
  ])('reads %s', (_, hex, width, height) => {
    expect(pictureSize(bytes(hex))).toEqual({ width, height });
  });

  it.each([
    ['nothing', ''],
    ['a page', '3c21646f 63747970 65206874 6d6c3e00'],
    ['a PNG cut short', '89504e47 0d0a1a0a 0000000d'],
    ['a JPEG without a frame', 'ffd8 ffda 0008 00000000'],
    ['a JPEG whose segments lead out of it', 'ffd8 ffe1 ffff 0000'],
    ['a JPEG of nothing but filling', 'ffd8 ffff ffff ffff ffff'],
    ['a WebP of another kind', '52494646 00000000 57454250 58585858 00000000'],
  ])('says nothing of %s', (_, hex) => {
    expect(pictureSize(bytes(hex))).toBeUndefined();
  });
});
