import type { PictureSize } from './picture.js';
import { previewType } from './preview-kind.js';

/** How a thumbnail is drawn: the longer side in pixels, and the quality from 0 to 1. */
export interface Step {
  readonly edge: number;
  readonly quality: number;
}

/** From the best one down: the first that is small enough is taken. */
const STEPS: readonly Step[] = [
  { edge: 160, quality: 0.7 },
  { edge: 128, quality: 0.6 },
  { edge: 96, quality: 0.5 },
  { edge: 64, quality: 0.4 },
];

/** So large that it goes along with a small file in one request; servers take up to 16 KiB. */
const MOST_BYTES = 4_000;
/** Larger ones take too long to be read. */
const MOST_SOURCE_BYTES = 64 << 20;
/** A larger picture takes too long, and too much memory, to be unpacked: some are made to. */
const MOST_PIXELS = 50e6;
/** Of a longer one nothing would be seen. */
const MOST_ASPECT = 20;
/** With more files than this at once, nobody waits for their pictures to be drawn. */
const MOST_FILES = 64;

/** What a thumbnail may be made of. */
export function thumbnailSource({ name, size }: { name: string; size: number }): 'image' | 'video' | undefined {
  const as = previewType(name);
  if (size > MOST_SOURCE_BYTES || as?.type === 'image/svg+xml') return undefined;
  return as?.kind === 'image' || as?.kind === 'video' ? as.kind : undefined;
}

/** Whether files that are sent at once get thumbnails. */
export function worthThumbnails(files: readonly { name: string; size: number }[]): boolean {
  return files.length <= MOST_FILES && files.some((file) => thumbnailSource(file) !== undefined);
}

/** Whether a picture of that size can be unpacked without harm, and be seen when it is small. */
export function canShrink(size: PictureSize | undefined): boolean {
  if (size === undefined) return false;
  const [short, long] = [Math.min(size.width, size.height), Math.max(size.width, size.height)];
  return short > 0 && short * long <= MOST_PIXELS && long / short <= MOST_ASPECT;
}

/** The size that a picture is drawn in: never larger than it is, and never without a pixel. */
export function within({ width, height }: PictureSize, edge: number): PictureSize {
  const scale = Math.min(1, edge / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Draws smaller and coarser until it is small enough; undefined if it never is. */
export async function smallEnough(draw: (step: Step) => Promise<Blob>): Promise<Blob | undefined> {
  for (const step of STEPS) {
    const picture = await draw(step);
    if (picture.size <= MOST_BYTES) return picture;
  }
  return undefined;
}
