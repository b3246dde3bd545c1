import { createSHA256, type IHasher } from 'hash-wasm';
import { HandoutError } from './errors.js';
import { type Api, asNetworkError } from './http.js';
import type { Sink } from './sink.js';

/** One request for bytes, from where the last one ended. */
export interface Receive {
  /** Of the whole file; undefined while the sender has not said. */
  readonly size: number | undefined;
  readonly signal: AbortSignal;
  /** The server answers. */
  running(): void;
  /** So many bytes of the file are here. */
  progress(bytes: number): void;
}

/** How a request ended that was not refused: its body is over, or nothing came for too long. */
export type Received = 'over' | 'quiet';

/** What has come of one download: the bytes, which are kept where they are no burden, and their hash. */
export interface Arrival {
  /** So many have come. */
  readonly bytes: number;
  /** Takes in what one request brings. Not twice at once. */
  receive(request: Receive): Promise<Received>;
  /** The SHA-256 of the bytes in lower-case hex. No bytes follow. */
  hash(): Promise<string>;
  /** The bytes as a file. No other call follows. */
  finish(name: string, type: string): Promise<File>;
  /** Ends it before it is finished; what is on the disk is kept for another page, or thrown away. No other call follows. */
  discard(keep: boolean): Promise<void>;
}

/** A connection that brings nothing for so long is given up for a new one. */
const STALL_MS = 30_000;
/** A read asks for so many bytes; it gives what is there. */
const READ_BYTES = 1 << 20;
/** What readers that are done have read into: a megabyte anew for each small file would soon be many. */
const spareBuffers: ArrayBuffer[] = [];

/** Receives, hashes and keeps the bytes in the thread that it is used in. */
export class ThreadArrival implements Arrival {
  bytes = 0;
  readonly #api: Pick<Api, 'content'>;
  readonly #share: string;
  readonly #sink: Sink;
  readonly #hash: IHasher;

  private constructor(api: Pick<Api, 'content'>, share: string, sink: Sink, hash: IHasher) {
    this.#api = api;
    this.#share = share;
    this.#sink = sink;
    this.#hash = hash;
  }

  static async open(api: Pick<Api, 'content'>, share: string, sink: Sink): Promise<ThreadArrival> {
    const arrival = new ThreadArrival(api, share, sink, await createSHA256());
    for await (const piece of sink.kept?.() ?? []) {
      arrival.#hash.update(piece);
      arrival.bytes += piece.length;
    }
    return arrival;
  }

  async receive(request: Receive): Promise<Received> {
    const quiet = new AbortController();
    const signal = AbortSignal.any([request.signal, quiet.signal]);
    let timer = setTimeout(() => quiet.abort(), STALL_MS);
    try {
      const response = await this.#api.content(this.#share, rangeFrom(this.#share, this.bytes), signal);
      await this.#placeAt(response);
      request.running();
      for await (const piece of pieces(response)) {
        clearTimeout(timer);
        timer = setTimeout(() => quiet.abort(), STALL_MS);
        await this.#take(request, piece);
      }
      return 'over';
    } catch (error) {
      if (quiet.signal.aborted && !request.signal.aborted) return 'quiet';
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async hash(): Promise<string> {
    return this.#hash.digest('hex');
  }

  finish(name: string, type: string): Promise<File> {
    return this.#sink.finish(name, type);
  }

  discard(): Promise<void> {
    return this.#sink.discard();
  }

  /** Makes sure that the response goes on where we are; one that begins at the beginning makes us begin again. */
  async #placeAt(response: Response): Promise<void> {
    if (response.status === 206) {
      const from = /^bytes (\d+)-/.exec(response.headers.get('Content-Range') ?? '')?.[1];
      if (Number(from) === this.bytes) return;
      await response.body?.cancel();
      throw new HandoutError('internal', 'the server sent another part than it was asked for');
    }
    if (this.bytes === 0) return;
    await this.#sink.restart();
    this.#hash.init();
    this.bytes = 0;
  }

  async #take(request: Receive, piece: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.bytes + piece.length > (request.size ?? Number.POSITIVE_INFINITY)) {
      throw new HandoutError('hash-mismatch', 'more bytes came than were sent');
    }
    await this.#sink.write(piece);
    this.#hash.update(piece);
    this.bytes += piece.length;
    request.progress(this.bytes);
  }
}

/** The id stands for the bytes of the share from its first one on, before they have a hash. */
function rangeFrom(share: string, bytes: number): Record<string, string> {
  if (bytes === 0) return {};
  return { Range: `bytes=${bytes}-`, 'If-Range': `"${share}"` };
}

/** The body's pieces, each until the next is asked for. A body that breaks off is a lost network. */
async function* pieces({ body }: Response): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (body === null) return;
  const reader = readerOf(body);
  let whole = false;
  try {
    for (;;) {
      const piece = await reader.read().catch((error: unknown) => Promise.reject(asNetworkError(error)));
      whole = piece === undefined;
      if (piece === undefined) return;
      yield piece;
    }
  } finally {
    if (!whole) await reader.cancel().catch(() => undefined); // it has broken off already
  }
}

/** Reads a body; undefined is its end. */
interface BodyReader {
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  cancel(): Promise<void>;
}

/** Reads into one buffer, again and again, where the browser can: that saves a copy of every byte. */
function readerOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): BodyReader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: 'byob' });
  } catch {
    const plain = body.getReader();
    return { read: async () => (await plain.read()).value, cancel: () => plain.cancel() };
  }
  let buffer = spareBuffers.pop() ?? new ArrayBuffer(READ_BYTES);
  return {
    read: async () => {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (value !== undefined) buffer = value.buffer;
      if (!done) return value;
      spareBuffers.push(buffer);
      return undefined;
    },
    cancel: () => reader.cancel(),
  };
}
