import { type DetailedError, type HttpStack, Upload as TusUpload } from 'tus-js-client';
import { cancelledError, HandoutError } from './errors.js';
import { problemError } from './http.js';

/** Bytes to bring to an upload. */
export interface BytesRequest {
  readonly blob: Blob;
  /** The upload's address. */
  readonly url: string;
  readonly authorization: string;
  readonly signal: AbortSignal;
  /** Bytes that the server has, or that are on their way to it. */
  progress(bytes: number): void;
  /** The browser's, unless a test brings its own. */
  readonly httpStack?: HttpStack;
}

/** Brings bytes to an upload, once; see {@link sendBytes}. */
export type SendBytes = (request: BytesRequest) => Promise<void>;

/** A connection that moves nothing for so long is dead, whatever the browser believes. */
export const STALL_MS = 30_000;

/**
 * Sends what the server does not have yet, with tus: it asks the offset and goes
 * on from there, in one request. It does not try again; the caller decides.
 * Rejects with `in-parts` when the upload has been split.
 */
export function sendBytes(request: BytesRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    if (request.signal.aborted) {
      reject(cancelledError());
      return;
    }
    let timer: ReturnType<typeof setTimeout>;
    const finish = (error?: HandoutError) => {
      clearTimeout(timer);
      request.signal.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(error);
    };
    const stop = (error: HandoutError) => {
      finish(error);
      // Its promise is about a request that nobody waits for any more.
      tus.abort().catch(() => undefined);
    };
    const onAbort = () => stop(cancelledError());
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => stop(new HandoutError('network', 'nothing moved for too long')), STALL_MS);
    };
    const tus = new TusUpload(request.blob as File, {
      uploadUrl: request.url,
      headers: { Authorization: request.authorization },
      retryDelays: null,
      storeFingerprintForResuming: false,
      ...(request.httpStack && { httpStack: request.httpStack }),
      onProgress: (bytes) => {
        alive();
        request.progress(bytes);
      },
      onSuccess: () => finish(),
      onError: (error) => finish(tusError(error)),
    });
    request.signal.addEventListener('abort', onAbort);
    alive();
    tus.start();
  });
}

/** An error of the tus client as ours. */
function tusError(error: Error | DetailedError): HandoutError {
  const response = 'originalResponse' in error ? error.originalResponse : undefined;
  if (response === undefined) return new HandoutError('internal', error.message, { cause: error });
  if (response === null || response.getStatus() === 0) {
    return new HandoutError('network', 'the server did not answer', { cause: error });
  }
  // It has no offset then: see docs/protocol.md, "Files in parts".
  if (response.getStatus() === 200 && response.getHeader('Upload-Concat')?.startsWith('final')) {
    return new HandoutError('in-parts', 'the upload comes in parts', { cause: error });
  }
  return problemError(response.getStatus(), response.getBody() || '');
}

/** Rejects if the bytes can no longer be read: the file was moved, changed or removed since it was picked. */
export async function assertReadable(blob: Blob): Promise<void> {
  try {
    await blob.slice(Math.max(0, blob.size - 1)).arrayBuffer();
  } catch (cause) {
    throw new HandoutError('file-unreadable', 'the file cannot be read any more', { cause });
  }
}
