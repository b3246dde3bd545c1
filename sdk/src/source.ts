import { HandoutError } from './errors.js';

/** What can be sent: a file, several, or what an `<input type="file">` gives. */
export type FileSource = File | Blob | Iterable<File | Blob> | ArrayLike<File | Blob>;

/** A file to send, as it was when it was given. */
export interface SourceFile {
  readonly blob: Blob;
  readonly name: string;
  readonly type: string;
  /** The folders it lies in, with "/" between; empty for none. */
  readonly path: string;
  /** Milliseconds since 1970; undefined for bytes that are no file of a disk. */
  readonly lastModified: number | undefined;
}

/** What a Blob without a name is called. */
const UNNAMED = 'file';

/** The folders of a file that was picked with them. */
function pickedPath(file: Blob): string {
  const relative = (file as Partial<File>).webkitRelativePath ?? '';
  return relative.slice(0, Math.max(0, relative.lastIndexOf('/')));
}

/** The files as they are now: the caller may clear its input at once. */
export function snapshot(source: FileSource, pathOf: (file: File) => string = pickedPath): SourceFile[] {
  const files = isBlob(source) ? [source] : listOf(source);
  if (files.length === 0) throw new HandoutError('empty-list', 'there is no file to send');
  return files.map((file) => {
    if (!isBlob(file)) throw new HandoutError('invalid-request', 'only a File or a Blob can be sent');
    const named = file as Partial<Pick<File, 'name' | 'lastModified'>>;
    const path = pathOf(file as File);
    return { blob: file, name: named.name || UNNAMED, type: file.type, path, lastModified: named.lastModified };
  });
}

function listOf(source: unknown): unknown[] {
  if (typeof source !== 'object' || source === null) return [];
  return Array.from(source as Iterable<unknown> | ArrayLike<unknown>);
}

/** By its shape: a file of another frame is not an instance of this frame's class. */
function isBlob(value: unknown): value is Blob {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Blob>).size === 'number' &&
    typeof (value as Partial<Blob>).slice === 'function' &&
    typeof (value as Partial<Blob>).arrayBuffer === 'function'
  );
}
