import { HandoutError } from './errors.js';

/** What can be sent: a file, several, or what an `<input type="file">` gives. */
export type FileSource = File | Blob | Iterable<File | Blob> | ArrayLike<File | Blob>;

/** A file to send, as it was when it was given. */
export interface SourceFile {
  readonly blob: Blob;
  readonly name: string;
  readonly type: string;
  /** Milliseconds since 1970; undefined for bytes that are no file of a disk. */
  readonly lastModified: number | undefined;
}

/** What a Blob without a name is called. */
const UNNAMED = 'file';

/** The files as they are now: the caller may clear its input at once. */
export function snapshot(source: FileSource): SourceFile[] {
  const files = isBlob(source) ? [source] : listOf(source);
  if (files.length === 0) throw new HandoutError('empty-list', 'there is no file to send');
  return files.map((file) => {
    if (!isBlob(file)) throw new HandoutError('invalid-request', 'only a File or a Blob can be sent');
    const named = file as Partial<Pick<File, 'name' | 'lastModified'>>;
    return { blob: file, name: named.name || UNNAMED, type: file.type, lastModified: named.lastModified };
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
