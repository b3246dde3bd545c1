/** Width and height of a picture, in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** So much of a file is read to find out how large its picture is: a camera's own data come before that. */
export const HEAD_BYTES = 1 << 20;
/** The boxes of an AVIF that say it stand within so much. */
const BOXES_BYTES = 64 << 10;

/**
 * The size of a picture as its first bytes say, so that it is known before anything is decoded; undefined for what is
 * none of PNG, GIF, JPEG, WebP, BMP and AVIF, or says its size later than in these bytes.
 */
export function pictureSize(bytes: ArrayBuffer): PictureSize | undefined {
  const data = new DataView(bytes);
  try {
    return read(data);
  } catch {
    return undefined; // it is shorter than what it begins as
  }
}

function read(data: DataView): PictureSize | undefined {
  const magic = data.getUint32(0);
  if (magic === 0x89504e47) return { width: data.getUint32(16), height: data.getUint32(20) };
  if (magic === 0x47494638) return { width: data.getUint16(6, true), height: data.getUint16(8, true) };
  if (magic >>> 8 === 0xffd8ff) return jpeg(data);
  if (magic === 0x52494646 && data.getUint32(8) === 0x57454250) return webp(data);
  if (magic >>> 16 === 0x424d) {
    return { width: Math.abs(data.getInt32(18, true)), height: Math.abs(data.getInt32(22, true)) };
  }
  return data.getUint32(4) === 0x66747970 ? avif(data) : undefined;
}

/** Goes from segment to segment to the one that begins a frame. */
function jpeg(data: DataView): PictureSize | undefined {
  for (let at = 2; ; at += 2 + data.getUint16(at + 2)) {
    while (data.getUint16(at) === 0xffff) at++;
    const marker = data.getUint16(at);
    if (marker >>> 8 !== 0xff || marker === 0xffda) return undefined;
    const frame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (frame) return { width: data.getUint16(at + 7), height: data.getUint16(at + 5) };
  }
}

function webp(data: DataView): PictureSize | undefined {
  const uint24 = (at: number) => data.getUint16(at, true) | (data.getUint8(at + 2) << 16);
  switch (data.getUint32(12)) {
    case 0x56503858: // extended
      return { width: uint24(24) + 1, height: uint24(27) + 1 };
    case 0x56503820: // lossy
      return { width: data.getUint16(26, true) & 0x3fff, height: data.getUint16(28, true) & 0x3fff };
    case 0x5650384c: {
      const bits = data.getUint32(21, true); // lossless: 14 bits each
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    default:
      return undefined;
  }
}

/** The largest of all pictures in it: each has an `ispe` box, and which is shown does not matter here. */
function avif(data: DataView): PictureSize | undefined {
  let largest: PictureSize | undefined;
  for (let at = 8; at + 16 <= Math.min(data.byteLength, BOXES_BYTES); at++) {
    if (data.getUint32(at) !== 0x69737065) continue;
    const size = { width: data.getUint32(at + 8), height: data.getUint32(at + 12) };
    if (largest === undefined || size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}
