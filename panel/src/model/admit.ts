import type { Words } from '../messages/words.js';
import type { RoomPort } from './ports.js';

export interface Admitted {
  readonly files: readonly File[];
  /** One sentence per reason for which something was left out. */
  readonly refusals: readonly string[];
}

/**
 * Sorts out what the server would refuse before anything is sent: an offer is
 * taken whole or not at all, so one empty file would cost the others.
 */
export function admit(files: readonly File[], room: Pick<RoomPort, 'limits' | 'allows'>, words: Words): Admitted {
  const { fileSize } = room.limits;
  const empty = files.filter((file) => file.size === 0);
  const large = files.filter((file) => file.size > fileSize);
  const strange = files.filter((file) => file.size > 0 && !room.allows(file));
  const refusals: string[] = [];
  const refuse = (key: 'refused.empty' | 'refused.large' | 'refused.type', names: readonly string[]) => {
    if (names.length === 0) return;
    refusals.push(words.text(key, { count: names.length, names: list(names, words), size: words.bytes(fileSize) }));
  };
  refuse(
    'refused.empty',
    empty.map(({ name }) => name),
  );
  refuse(
    'refused.large',
    large.map(({ name }) => name),
  );
  refuse(
    'refused.type',
    strange.map(({ name }) => name),
  );
  const left = new Set([...empty, ...large, ...strange]);
  return { files: files.filter((file) => !left.has(file)), refusals };
}

/** The first by name, the others counted. */
function list([first = '', ...more]: readonly string[], words: Words): string {
  const quoted = (name: string) => words.text('quoted', { name });
  if (more.length > 1) return words.text('quoted.more', { name: first, count: more.length });
  return words.list([first, ...more].map(quoted));
}

/** A pasted picture is always called image.png; its time of pasting tells several apart. */
export function namePasted(file: File, now: Date, words: Words): File {
  if (!/^image\.(png|jpe?g|gif|webp)$/i.test(file.name)) return file;
  const extension = file.name.slice(file.name.lastIndexOf('.'));
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const time = `${two(now.getHours())}.${two(now.getMinutes())}.${two(now.getSeconds())}`;
  const name = words.text('pasted', { time: `${day} ${time}` });
  return new File([file], `${name}${extension}`, { type: file.type, lastModified: now.getTime() });
}

/** What a drop or a paste carries; read at once, for it is empty when the event is over. */
export function contentsOf(data: DataTransfer): { files: File[]; folders: FileSystemDirectoryEntry[] } {
  const folders: FileSystemDirectoryEntry[] = [];
  const files: File[] = [];
  for (const item of data.items) {
    if (item.kind !== 'file') continue;
    const entry = item.webkitGetAsEntry?.();
    if (entry?.isDirectory) {
      folders.push(entry as FileSystemDirectoryEntry);
      continue;
    }
    const file = item.getAsFile();
    if (file !== null) files.push(file);
  }
  return { files, folders };
}
