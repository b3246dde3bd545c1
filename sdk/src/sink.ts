import { HandoutError } from './errors.js';

/** Where a download's bytes go while they come: never the page's memory. */
export interface Sink {
  /** What a page before has written: what is written now comes behind it. Each piece is good until the next one. */
  kept?(): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Appends. Resolves when another piece may come; the piece is the caller's again. */
  write(piece: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Forgets everything written so far. */
  restart(): Promise<void>;
  /** Everything written, as a file. No other call follows. */
  finish(name: string, type: string): Promise<File>;
  /** Lets go of what was written; what is in a folder goes with it. No other call follows. */
  discard(): Promise<void>;
}

/** The file of a download's folder that has the bytes. */
export const BYTES = 'bytes';

/** Writes to a file of the folder where the browser can, else to Blobs that it keeps outside the page. */
export async function sinkIn(folder: FileSystemDirectoryHandle | undefined): Promise<Sink> {
  const writable = typeof FileSystemFileHandle !== 'undefined' && 'createWritable' in FileSystemFileHandle.prototype;
  return folder !== undefined && writable ? FileSink.create(folder) : new BlobSink();
}

/** Puts pieces together to blocks: the last one may be shorter. */
class Block {
  readonly #bytes: number;
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Appends, and gives each block that is full to `flush`, which may use it until it resolves. */
  async fill(piece: Uint8Array<ArrayBuffer>, flush: (block: Uint8Array<ArrayBuffer>) => Promise<void>): Promise<void> {
    this.#buffer ??= new Uint8Array(this.#bytes);
    for (let taken = 0; taken < piece.length; ) {
      const part = piece.subarray(taken, taken + this.#bytes - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === this.#bytes) await flush(this.take());
    }
  }

  /** What is there, and forgets it. */
  take(): Uint8Array<ArrayBuffer> {
    const rest = (this.#buffer ?? new Uint8Array()).subarray(0, this.#filled);
    this.#filled = 0;
    return rest;
  }
}

/** Each write is a message to another process. */
const WRITE_BYTES = 1 << 20;

/** Writes to a file of the origin private file system from any thread. It has nothing before it is finished. */
class FileSink implements Sink {
  readonly #handle: FileSystemFileHandle;
  readonly #stream: FileSystemWritableFileStream;
  readonly #block = new Block(WRITE_BYTES);

  private constructor(handle: FileSystemFileHandle, stream: FileSystemWritableFileStream) {
    this.#handle = handle;
    this.#stream = stream;
  }

  static async create(folder: FileSystemDirectoryHandle): Promise<FileSink> {
    const handle = await folder.getFileHandle(BYTES, { create: true });
    return new FileSink(handle, await handle.createWritable());
  }

  write(piece: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#block.fill(piece, (block) => space(() => this.#stream.write(block)));
  }

  async restart(): Promise<void> {
    this.#block.take();
    await this.#stream.truncate(0); // moves the cursor too
  }

  async finish(name: string, type: string): Promise<File> {
    const rest = this.#block.take();
    if (rest.length > 0) await space(() => this.#stream.write(rest));
    await space(() => this.#stream.close());
    // A File of a file: its bytes stay on the disk.
    return new File([await this.#handle.getFile()], name, { type });
  }

  async discard(): Promise<void> {
    await this.#stream.abort().catch(() => undefined); // it may have failed by itself
  }
}

/** Tells a full disk from other faults. */
export async function space<T>(work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const full = cause instanceof Error && cause.name === 'QuotaExceededError';
    throw new HandoutError(
      full ? 'no-space' : 'internal',
      full ? 'this device has no room for the file' : 'the browser could not store the file',
      { cause },
    );
  }
}

/** A Blob of this size leaves the page: the browser keeps it, on the disk if it must. */
const PART_BYTES = 4 << 20;

/** Collects Blobs: for small files, and for pages that have no file system, which are those that are not a secure context. */
export class BlobSink implements Sink {
  readonly #block: Block;
  #parts: Blob[] = [];

  constructor(size = PART_BYTES) {
    this.#block = new Block(Math.max(1, Math.min(size, PART_BYTES)));
  }

  write(piece: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#block.fill(piece, async (block) => {
      this.#parts.push(new Blob([block]));
    });
  }

  async restart(): Promise<void> {
    this.#block.take();
    this.#parts = [];
  }

  async finish(name: string, type: string): Promise<File> {
    return new File([...this.#parts, this.#block.take()], name, { type });
  }

  discard(): Promise<void> {
    return this.restart();
  }
}
