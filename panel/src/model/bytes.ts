import type { Card } from './cards.js';
import type { TransferPort, UploadPort } from './ports.js';

const sent = new WeakMap<UploadPort, Blob>();

/** Remembers what an upload sends, for as long as there is the upload. */
export function remember(upload: UploadPort, file: Blob): void {
  sent.set(upload, file);
}

const gone = new WeakSet<TransferPort>();

/** A download's bytes were let go of: they are in an archive now. */
export function forget(download: TransferPort): void {
  gone.add(download);
}

/**
 * The bytes of a file that are on this device already: those that I sent, or those that arrived and were checked.
 * Undefined where there are none, and of what is no longer shared.
 */
export function bytesOf({ state, transfer }: Card): Promise<Blob> | undefined {
  if (transfer?.kind === 'download') return state === 'saved' && !gone.has(transfer) ? transfer.done : undefined;
  const file = transfer !== undefined && state === 'shared' ? sent.get(transfer) : undefined;
  return file === undefined ? undefined : Promise.resolve(file);
}
