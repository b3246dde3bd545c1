import { HandoutError } from './errors.js';
import { folderNamed } from './page-folder.js';
import { type Sink, space } from './sink.js';

/** The part that we use of a FileSystemSyncAccessHandle, which only workers have. Old ones answer with promises. */
interface Access {
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  truncate(size: number): void | Promise<void>;
  close(): void | Promise<void>;
}

type WithAccess = FileSystemFileHandle & { createSyncAccessHandle?(): Promise<Access> };

/** Writes to a file of the origin private file system without a message to another process: only in a worker. */
export class SyncSink implements Sink {
  readonly #folder: FileSystemDirectoryHandle;
  readonly #handle: FileSystemFileHandle;
  readonly #access: Access;
  #size: number;
  #bytes = 0;

  private constructor(folder: FileSystemDirectoryHandle, handle: FileSystemFileHandle, access: Access, size: number) {
    this.#folder = folder;
    this.#handle = handle;
    this.#access = access;
    this.#size = size;
  }

  /** Undefined where the browser cannot. The room for `size` bytes is taken at once: that is cheaper than piece by piece. */
  static async create(folderName: string, size: number): Promise<SyncSink | undefined> {
    const folder = await folderNamed(folderName);
    const handle: WithAccess = await folder.getFileHandle(crypto.randomUUID(), { create: true });
    const access = await handle.createSyncAccessHandle?.();
    if (access === undefined) {
      await folder.removeEntry(handle.name);
      return undefined;
    }
    const sink = new SyncSink(folder, handle, access, size);
    try {
      await space(() => access.truncate(size));
    } catch (error) {
      await sink.discard();
      throw error;
    }
    return sink;
  }

  async write(piece: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let rest = piece; rest.length > 0; ) {
      const written = await space(() => this.#access.write(rest, { at: this.#bytes }));
      if (written === 0) throw new HandoutError('no-space', 'this device has no room for the file');
      this.#bytes += written;
      this.#size = Math.max(this.#size, this.#bytes);
      rest = rest.subarray(written);
    }
  }

  async restart(): Promise<void> {
    this.#bytes = 0;
  }

  async finish(name: string, type: string): Promise<File> {
    if (this.#bytes !== this.#size) await space(() => this.#access.truncate(this.#bytes));
    await space(() => this.#access.close());
    // A File of a file: its bytes stay on the disk.
    return new File([await space(() => this.#handle.getFile())], name, { type });
  }

  async discard(): Promise<void> {
    await this.#access.close();
    await this.#folder.removeEntry(this.#handle.name).catch(() => undefined); // or the sweep has it
  }
}
