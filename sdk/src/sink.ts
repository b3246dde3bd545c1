import { HandoutError } from './errors.js';

/** Where a download's bytes go while they come: never the page's memory. */
export interface Sink {
  /** Appends. Resolves when another piece may come. */
  write(piece: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Forgets everything written so far. */
  restart(): Promise<void>;
  /** Everything written, as a file. No other call follows. */
  finish(name: string, type: string): Promise<File>;
  /** Throws everything away. No other call follows. */
  discard(): Promise<void>;
}

/** Makes a sink for one download of so many bytes. */
export type OpenSink = (size: number) => Promise<Sink>;

/** Pieces are put together to this size: each write is a message to another process. */
const WRITE_BYTES = 1 << 20;
const FOLDER = 'handout';

/**
 * A file of the origin private file system where the browser has one with room for
 * the file, else Blobs that it keeps outside the page.
 */
export const openSink: OpenSink = async (size) => {
  const folder = await pageFolder();
  return folder !== undefined && (await fits(size)) ? FileSink.create(folder) : new BlobSink();
};

/** A private window has a small file system. Where the browser does not say, the writing will. */
async function fits(size: number): Promise<boolean> {
  const { quota, usage } = (await navigator.storage.estimate?.()) ?? {};
  return quota === undefined || quota - (usage ?? 0) > size;
}

let opened: Promise<FileSystemDirectoryHandle | undefined> | undefined;

/** The folder of this page. Its lock says that the page lives; folders of dead pages are removed. */
function pageFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  opened ??= openFolder().catch(() => undefined); // forbidden, as in some private windows: the fallback serves
  return opened;
}

async function openFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  const { storage, locks } = navigator;
  if (typeof storage?.getDirectory !== 'function' || locks === undefined) return undefined;
  if (typeof FileSystemFileHandle === 'undefined' || !('createWritable' in FileSystemFileHandle.prototype)) {
    return undefined;
  }
  const root = await (await storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  await sweep(root);
  const name = crypto.randomUUID();
  await hold(name);
  return root.getDirectoryHandle(name, { create: true });
}

/** Takes the lock for as long as the page lives. */
function hold(name: string): Promise<void> {
  return new Promise((held, failed) => {
    navigator.locks
      .request(lockName(name), () => {
        held();
        return new Promise(() => undefined);
      })
      .catch(failed);
  });
}

async function sweep(root: FileSystemDirectoryHandle): Promise<void> {
  for await (const name of root.keys()) {
    await navigator.locks.request(lockName(name), { ifAvailable: true }, async (lock) => {
      // What another page removes at the same time is gone too.
      if (lock !== null) await root.removeEntry(name, { recursive: true }).catch(() => undefined);
    });
  }
}

const lockName = (folder: string): string => `${FOLDER}.${folder}`;

/** Writes to a file of the origin private file system. */
class FileSink implements Sink {
  readonly #folder: FileSystemDirectoryHandle;
  readonly #handle: FileSystemFileHandle;
  readonly #stream: FileSystemWritableFileStream;
  readonly #buffer = new Uint8Array(WRITE_BYTES);
  #filled = 0;

  private constructor(
    folder: FileSystemDirectoryHandle,
    handle: FileSystemFileHandle,
    stream: FileSystemWritableFileStream,
  ) {
    this.#folder = folder;
    this.#handle = handle;
    this.#stream = stream;
  }

  static async create(folder: FileSystemDirectoryHandle): Promise<FileSink> {
    const handle = await folder.getFileHandle(crypto.randomUUID(), { create: true });
    return new FileSink(folder, handle, await handle.createWritable());
  }

  async write(piece: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let taken = 0; taken < piece.length; ) {
      const part = piece.subarray(taken, taken + WRITE_BYTES - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === WRITE_BYTES) await this.#flush();
    }
  }

  async restart(): Promise<void> {
    this.#filled = 0;
    await this.#stream.truncate(0); // moves the cursor too
  }

  async finish(name: string, type: string): Promise<File> {
    await this.#flush();
    await space(this.#stream.close());
    // A File of a file: its bytes stay on the disk.
    return new File([await this.#handle.getFile()], name, { type });
  }

  async discard(): Promise<void> {
    await this.#stream.abort().catch(() => undefined); // it may have failed by itself
    await this.#folder.removeEntry(this.#handle.name).catch(() => undefined); // or the sweep has it
  }

  async #flush(): Promise<void> {
    if (this.#filled === 0) return;
    await space(this.#stream.write(this.#buffer.subarray(0, this.#filled)));
    this.#filled = 0;
  }
}

/** Tells a full disk from other faults. */
async function space<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const full = cause instanceof DOMException && cause.name === 'QuotaExceededError';
    throw new HandoutError(
      full ? 'no-space' : 'internal',
      full ? 'this device has no room for the file' : 'the browser could not store the file',
      { cause },
    );
  }
}

/** A Blob of this size leaves the page: the browser keeps it, on the disk if it must. */
const PART_BYTES = 4 << 20;

/** Collects Blobs, for pages that have no file system: those that are not a secure context. */
export class BlobSink implements Sink {
  #parts: Blob[] = [];
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;

  async write(piece: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes >= PART_BYTES) this.#flush();
  }

  async restart(): Promise<void> {
    this.#parts = [];
    this.#pieces = [];
    this.#bytes = 0;
  }

  async finish(name: string, type: string): Promise<File> {
    this.#flush();
    return new File(this.#parts, name, { type });
  }

  discard(): Promise<void> {
    return this.restart();
  }

  #flush(): void {
    if (this.#bytes > 0) this.#parts.push(new Blob(this.#pieces));
    this.#pieces = [];
    this.#bytes = 0;
  }
}
