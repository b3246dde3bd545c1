import { folderNamed } from './download-folder.js';
import { HandoutError } from './errors.js';
import { sleep } from './retry.js';
import { BYTES, type Sink, space } from './sink.js';

/** The part that we use of a FileSystemSyncAccessHandle, which only workers have. Old ones answer with promises. */
interface Access {
  read(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  getSize(): number | Promise<number>;
  truncate(size: number): void | Promise<void>;
  close(): void | Promise<void>;
}

type WithAccess = FileSystemFileHandle & { createSyncAccessHandle?(): Promise<Access> };

/** What was written before is read in pieces of this size, between which the thread does other work. */
const READ_BYTES = 8 << 20;
/** A thread of a page that has just gone may not have let go of its file yet. */
const TRIES = 50;
const TRY_MS = 100;

/**
 * Writes to a file of the origin private file system without a message to another process: only in a worker. The file
 * has what was written and no more, whatever becomes of the page: the next one goes on behind it.
 */
export class SyncSink implements Sink {
  readonly #handle: FileSystemFileHandle;
  readonly #access: Access;
  #bytes: number;

  private constructor(handle: FileSystemFileHandle, access: Access, bytes: number) {
    this.#handle = handle;
    this.#access = access;
    this.#bytes = bytes;
  }

  /** Undefined where the browser cannot. */
  static async create(folderName: string, size: number): Promise<SyncSink | undefined> {
    const folder = await folderNamed(folderName);
    const handle: WithAccess = await folder.getFileHandle(BYTES, { create: true });
    const access = await accessTo(handle);
    if (access === undefined) return undefined;
    try {
      const bytes = await access.getSize();
      if (bytes > 0 && (size === 0 || bytes <= size)) return new SyncSink(handle, access, bytes);
      // The room for all is asked for at once: that is cheaper than piece by piece, and there is room or there is not.
      await space(() => access.truncate(size));
      await space(() => access.truncate(0));
      return new SyncSink(handle, access, 0);
    } catch (error) {
      await access.close();
      throw error;
    }
  }

  async *kept(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const buffer = new Uint8Array(Math.min(READ_BYTES, this.#bytes));
    for (let at = 0; at < this.#bytes; ) {
      const read = await space(() => this.#access.read(buffer, { at }));
      at += read;
      if (read === 0) this.#bytes = at; // a disk that has lost them: they come again
      yield buffer.subarray(0, read);
      await sleep(0);
    }
  }

  async write(piece: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let rest = piece; rest.length > 0; ) {
      const written = await space(() => this.#access.write(rest, { at: this.#bytes }));
      if (written === 0) throw new HandoutError('no-space', 'this device has no room for the file');
      this.#bytes += written;
      rest = rest.subarray(written);
    }
  }

  async restart(): Promise<void> {
    this.#bytes = 0;
    await space(() => this.#access.truncate(0));
  }

  async finish(name: string, type: string): Promise<File> {
    await space(() => this.#access.close());
    // A File of a file: its bytes stay on the disk.
    return new File([await space(() => this.#handle.getFile())], name, { type });
  }

  async discard(): Promise<void> {
    await this.#access.close();
  }
}

async function accessTo(handle: WithAccess): Promise<Access | undefined> {
  for (let tries = 1; ; tries++) {
    try {
      return await handle.createSyncAccessHandle?.();
    } catch (error) {
      const busy = error instanceof Error && error.name === 'NoModificationAllowedError';
      if (!busy || tries === TRIES) throw error;
      await sleep(TRY_MS);
    }
  }
}
