import type { Fault } from './core.js';

/** The numeric codes of the EnxRoom API that this layer answers with. */
export const codes = {
  networkDisconnected: 1163,
  networkReconnected: 1164,
  reconnectTimeout: 1165,
  reconnectGaveUp: 1166,
  invalid: 1155,
  noMedia: 1171,
  disconnected: 1180,
  receiveDenied: 1181,
  uploadFailed: 1182,
  downloadFailed: 1183,
  listEmpty: 1185,
  zeroBytes: 1186,
  tooLarge: 1187,
} as const;

type FileCode = Exclude<(typeof codes)[keyof typeof codes], 1163 | 1164 | 1165 | 1166 | 1171>;

/** The words of the contract for each code, its spelling included. */
const words: Record<FileCode, string> = {
  1155: 'Invalid options/parameters/values',
  1180: 'room is disconected',
  1181: 'Receive file operation is not permitted.',
  1182: 'file upload failed',
  1183: 'file download failed',
  1185: 'file upload failed',
  1186: 'file upload failed',
  1187: 'file upload failed',
};

/** What a callback gets when a call has failed. */
export interface EnxFailure {
  /** A non-zero code. */
  result: number;
  error: string;
  desc: string;
}

/** A failure by its code, with what happened in this case. */
export function failure(code: FileCode, desc: string): EnxFailure {
  return { result: code, error: words[code], desc };
}

/** Sending or receiving on a room that is not connected. */
export function disconnected(): EnxFailure {
  return failure(codes.disconnected, 'File sharing is not allowed on disconnected rooms');
}

/** An upload's end that is no success, as its callback says it. */
export function uploadFailure(fault: Fault, maxBytes: number): EnxFailure {
  switch (fault.code) {
    case 'empty-list':
      return failure(codes.listEmpty, 'file upload failed because file list is empty');
    case 'empty-file':
      return failure(codes.zeroBytes, 'file size is zero bytes');
    case 'file-too-large':
      return failure(codes.tooLarge, `file is larger than the limit of ${maxBytes} bytes`);
    case 'unknown-recipient':
      return failure(codes.invalid, saying(fault));
    case 'not-connected':
      return disconnected();
    case 'cancelled':
      return failure(codes.uploadFailed, 'file upload was cancelled');
    default:
      return failure(codes.uploadFailed, `file upload failed: ${saying(fault)}`);
  }
}

/** A download's end that is no success, as its callback says it. */
export function downloadFailure(fault: Fault): EnxFailure {
  switch (fault.code) {
    case 'share-not-found':
    case 'share-ended':
    case 'forbidden':
      return failure(codes.receiveDenied, saying(fault));
    case 'not-connected':
      return disconnected();
    case 'cancelled':
      return failure(codes.downloadFailed, 'file download was cancelled');
    default:
      return failure(codes.downloadFailed, `file download failed: ${saying(fault)}`);
  }
}

/** The number that `room-error` and a refused message carry for a core error: an HTTP status. */
export function roomCode({ code, status }: Pick<Fault, 'code' | 'status'>): number {
  return status ?? statusOf(code);
}

/** What came over the push connection, or never left this page, has a code alone. */
function statusOf(code: string): number {
  switch (code) {
    case 'invalid-request':
      return 400;
    case 'unauthenticated':
    case 'token-expired':
      return 401;
    case 'forbidden':
      return 403;
    case 'room-not-found':
      return 404;
    case 'room-ended':
      return 410;
    case 'room-full':
      return 429;
    case 'network':
    case 'connection-lost':
    case 'unavailable':
      return 503;
    default:
      return 500;
  }
}

/** Whatever was thrown, as a fault with a code. */
export function faultOf(cause: unknown): Fault {
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string') {
    const message = 'message' in cause && typeof cause.message === 'string' ? cause.message : cause.code;
    const detail = 'detail' in cause && typeof cause.detail === 'string' ? cause.detail : undefined;
    const status = 'status' in cause && typeof cause.status === 'number' ? cause.status : undefined;
    return { code: cause.code, message, detail, status };
  }
  return { code: 'internal', message: cause instanceof Error ? cause.message : String(cause) };
}

/** What a fault says to a person. */
export function saying(fault: Fault): string {
  return fault.detail || fault.message || fault.code;
}
