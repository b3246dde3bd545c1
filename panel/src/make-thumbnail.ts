import { HEAD_BYTES, pictureSize } from './model/picture.js';
import { canShrink, type Step, smallEnough, thumbnailSource, within } from './model/thumbnail.js';

/** A file that is to be sent waits for its picture no longer than this. */
const PATIENCE_MS = 1_000;
/** Wide enough for what is drawn; the browser unpacks no more of a picture than it must. */
const UNPACKED_WIDTH = 320;

/**
 * Draws a small picture of a picture or a film, in this page. Nothing of the file but how it looks goes along: neither
 * where nor when it was taken. Undefined where there is none to be had soon.
 */
export async function makeThumbnail(file: File): Promise<Blob | undefined> {
  const source = thumbnailSource(file);
  if (source === undefined || typeof OffscreenCanvas === 'undefined') return undefined;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), PATIENCE_MS);
  const over = new Promise<undefined>((resolve) => late.signal.addEventListener('abort', () => resolve(undefined)));
  try {
    const bitmap = source === 'image' ? unpack(file) : firstFrame(file, late.signal);
    const picture = bitmap.then((ready) => (ready === undefined || late.signal.aborted ? undefined : shrink(ready)));
    return await Promise.race([picture.catch(() => undefined), over]); // what is no picture has none
  } finally {
    clearTimeout(timer);
    late.abort();
  }
}

async function unpack(file: Blob): Promise<ImageBitmap | undefined> {
  const size = pictureSize(await file.slice(0, HEAD_BYTES).arrayBuffer());
  if (size === undefined || !canShrink(size)) return undefined;
  return createImageBitmap(file, { resizeWidth: Math.min(size.width, UNPACKED_WIDTH), resizeQuality: 'medium' });
}

/** A film's picture a moment after its beginning, which often is black. */
async function firstFrame(file: Blob, signal: AbortSignal): Promise<ImageBitmap | undefined> {
  const video = document.createElement('video');
  const address = URL.createObjectURL(file);
  try {
    const ready = new Promise((resolve, reject) => {
      video.onseeked = resolve;
      video.onerror = reject;
      signal.addEventListener('abort', reject);
    });
    Object.assign(video, { muted: true, preload: 'auto', src: address, currentTime: 0.5 });
    await ready;
    if (!canShrink({ width: video.videoWidth, height: video.videoHeight })) return undefined;
    return await createImageBitmap(video);
  } finally {
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(address);
  }
}

async function shrink(bitmap: ImageBitmap): Promise<Blob | undefined> {
  const picture = await smallEnough((step) => draw(bitmap, step));
  bitmap.close();
  return picture;
}

async function draw(bitmap: ImageBitmap, { edge, quality }: Step): Promise<Blob> {
  const { width, height } = within(bitmap, edge);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas');
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  const picture = await canvas.convertToBlob({ type: 'image/webp', quality });
  if (picture.type === 'image/webp') return picture;
  context.globalCompositeOperation = 'destination-over'; // what shows through is white, not black
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  return canvas.convertToBlob({ type: 'image/jpeg', quality });
}
