import type { Audience } from './core.js';
import { codes, type EnxFailure, failure } from './errors.js';

/** A call's arguments, or why they cannot be used. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: EnxFailure };

/** Options that may be missing, and a callback that may stand in their place. */
export function readOptions(options: unknown, callback: unknown): { options: unknown; callback: unknown } {
  return typeof options === 'function' ? { options: undefined, callback: options } : { options, callback };
}

/**
 * The files of a FileList, an array of File or Blob, or one of these, copied
 * now: applications clear the input that the list belongs to.
 */
export function readFiles(files: unknown): Read<Blob[]> {
  const list = isBlob(files) ? [files] : listOf(files);
  if (list === undefined) return invalid('files is not a FileList, an array of files or a file');
  if (list.length === 0) {
    return { ok: false, why: failure(codes.listEmpty, 'file upload failed because file list is empty') };
  }
  const blobs = list.filter(isBlob);
  return blobs.length === list.length
    ? { ok: true, value: blobs }
    : invalid('files holds something that is not a file');
}

function listOf(files: unknown): unknown[] | undefined {
  if (files === undefined || files === null) return [];
  if (typeof files !== 'object') return undefined;
  if (Symbol.iterator in files) return Array.from(files as Iterable<unknown>);
  return 'length' in files && typeof files.length === 'number' ? Array.from(files as ArrayLike<unknown>) : undefined;
}

/** By its shape: a file of another frame is no instance of this frame's Blob. */
function isBlob(value: unknown): value is Blob {
  return (
    typeof value === 'object' &&
    value !== null &&
    'size' in value &&
    typeof value.size === 'number' &&
    'slice' in value &&
    'arrayBuffer' in value
  );
}

/** Whom the options of sendFiles name; every key has its own default, and without `broadcast` it is everyone. */
export function readSendOptions(options: unknown, inRoom: ReadonlyMap<string, unknown>): Read<Audience> {
  const given = recordOf(options);
  if (given === undefined) return invalid('options is not an object');
  return readAudience(given.broadcast, given.clientList, inRoom);
}

/** Everyone, or the people of the list; used by files and messages alike. */
export function readAudience(
  broadcast: unknown,
  clientList: unknown,
  inRoom: ReadonlyMap<string, unknown>,
): Read<Audience> {
  if (broadcast === undefined || broadcast === true) return { ok: true, value: 'room' };
  if (broadcast !== false) return invalid('broadcast is neither true nor false');
  if (!Array.isArray(clientList) || clientList.length === 0) {
    return invalid('clientList names nobody, and broadcast is false');
  }
  const ids = [...new Set(clientList.map((id) => (typeof id === 'number' ? String(id) : id)))];
  const unknown = ids.filter((id) => typeof id !== 'string' || !inRoom.has(id));
  if (unknown.length > 0) {
    const named = unknown.map((id) => (typeof id === 'string' ? id : typeof id));
    return invalid(`clientList names who is not in the room: ${named.join(', ')}`);
  }
  return { ok: true, value: ids.map(String) };
}

/** Whether a caller of recvFiles wants the bytes instead of a save. */
export function readIsMobile(options: unknown): boolean {
  return recordOf(options)?.isMobile === true;
}

function recordOf(options: unknown): Record<string, unknown> | undefined {
  if (options === undefined || options === null) return {};
  return typeof options === 'object' ? (options as Record<string, unknown>) : undefined;
}

function invalid(why: string): Read<never> {
  return { ok: false, why: failure(codes.invalid, why) };
}
