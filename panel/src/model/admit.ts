import { formatBytes } from '@handout/sdk';

export interface Admitted {
  readonly files: readonly File[];
  /** One sentence per reason for which something was left out. */
  readonly refusals: readonly string[];
}

/**
 * Sorts out what the server would refuse before anything is sent: an offer is
 * taken whole or not at all, so one empty file would cost the others.
 */
export function admit(files: readonly File[], fileSize: number, folders: readonly string[] = []): Admitted {
  const empty = files.filter((file) => file.size === 0);
  const large = files.filter((file) => file.size > fileSize);
  const refusals: string[] = [];
  if (folders.length > 0)
    refusals.push(
      `${list(folders)} ${folders.length === 1 ? 'is a folder' : 'are folders'}. Pack a folder into one file to send it.`,
    );
  if (empty.length > 0) refusals.push(`${list(names(empty))} ${empty.length === 1 ? 'is' : 'are'} empty.`);
  if (large.length > 0)
    refusals.push(
      `${list(names(large))} ${large.length === 1 ? 'is' : 'are'} larger than this room allows (${formatBytes(fileSize)}).`,
    );
  return { files: files.filter((file) => file.size > 0 && file.size <= fileSize), refusals };
}

function names(files: readonly File[]): string[] {
  return files.map((file) => file.name);
}

function list(items: readonly string[]): string {
  const [first = '', second = ''] = items;
  if (items.length === 1) return `“${first}”`;
  if (items.length === 2) return `“${first}” and “${second}”`;
  return `“${first}” and ${items.length - 1} others`;
}

/** A pasted picture is always called image.png; its time of pasting tells several apart. */
export function namePasted(file: File, now: Date): File {
  if (!/^image\.(png|jpe?g|gif|webp)$/i.test(file.name)) return file;
  const extension = file.name.slice(file.name.lastIndexOf('.'));
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const time = `${two(now.getHours())}.${two(now.getMinutes())}.${two(now.getSeconds())}`;
  return new File([file], `Pasted image ${day} ${time}${extension}`, { type: file.type, lastModified: now.getTime() });
}

/** What a drop or a paste carries. Folders come as entries without bytes, so they are told apart here. */
export function contentsOf(data: DataTransfer): { files: File[]; folders: string[] } {
  const folders: string[] = [];
  const files: File[] = [];
  for (const item of data.items) {
    if (item.kind !== 'file') continue;
    const entry = item.webkitGetAsEntry?.();
    if (entry?.isDirectory) {
      folders.push(entry.name);
      continue;
    }
    const file = item.getAsFile();
    if (file !== null) files.push(file);
  }
  return { files, folders };
}
