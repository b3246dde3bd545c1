/** A file system of an origin, in memory: the part that a sink uses. */
export class FakeDisk {
  readonly root = new FakeFolder(this);
  /** Sizes of the writes that reached it. */
  readonly writes: number[] = [];
  full = false;
  broken = false;
  /** The most bytes that a synchronous write takes. */
  writable = Number.POSITIVE_INFINITY;
  /** Whether a worker gets synchronous access. */
  sync = true;

  /** The names of the pages' folders. */
  folders(): string[] {
    return [...(this.root.folders.get('handout')?.folders.keys() ?? [])];
  }

  /** The names of all files. */
  files(): string[] {
    return [...(this.root.folders.get('handout')?.folders.values() ?? [])].flatMap((folder) => [
      ...folder.files.keys(),
    ]);
  }
}

class FakeFolder {
  readonly folders = new Map<string, FakeFolder>();
  readonly files = new Map<string, FakeFile>();
  readonly #disk: FakeDisk;

  constructor(disk: FakeDisk) {
    this.#disk = disk;
  }

  async *keys(): AsyncGenerator<string> {
    yield* [...this.folders.keys(), ...this.files.keys()];
  }

  async getDirectoryHandle(name: string): Promise<FakeFolder> {
    const folder = this.folders.get(name) ?? new FakeFolder(this.#disk);
    this.folders.set(name, folder);
    return folder;
  }

  async getFileHandle(name: string): Promise<FakeFile> {
    const file = new FakeFile(name, this.#disk);
    this.files.set(name, file);
    return file;
  }

  async removeEntry(name: string): Promise<void> {
    if (!this.folders.delete(name) && !this.files.delete(name)) throw new DOMException('gone', 'NotFoundError');
  }
}

/** As a real one, it holds what was written only when its stream was closed. */
class FakeFile {
  readonly name: string;
  readonly #disk: FakeDisk;
  #kept = new Blob([]);

  constructor(name: string, disk: FakeDisk) {
    this.name = name;
    this.#disk = disk;
  }

  get createSyncAccessHandle(): (() => Promise<unknown>) | undefined {
    return this.#disk.sync ? async () => this.#access() : undefined;
  }

  #access(): unknown {
    let bytes = new Uint8Array();
    const resize = (size: number) => {
      const old = bytes;
      bytes = new Uint8Array(size);
      bytes.set(old.subarray(0, size));
    };
    return {
      write: (piece: Uint8Array, { at }: { at: number }) => {
        if (this.#disk.full) throw new DOMException('full', 'QuotaExceededError');
        const taken = piece.subarray(0, Math.min(piece.length, this.#disk.writable));
        if (at + taken.length > bytes.length) resize(at + taken.length);
        bytes.set(taken, at);
        this.#disk.writes.push(taken.length);
        return taken.length;
      },
      truncate: (size: number) => {
        if (this.#disk.full) throw new DOMException('full', 'QuotaExceededError');
        resize(size);
      },
      close: () => {
        this.#kept = new Blob([bytes]);
      },
    };
  }

  async getFile(): Promise<File> {
    return new File([this.#kept], this.name);
  }

  async createWritable(): Promise<unknown> {
    let written: Blob[] = [];
    return {
      write: async (piece: Uint8Array<ArrayBuffer>) => {
        if (this.#disk.full) throw new DOMException('full', 'QuotaExceededError');
        this.#disk.writes.push(piece.length);
        written.push(new Blob([piece]));
      },
      truncate: async () => {
        written = [];
      },
      abort: async () => undefined,
      close: async () => {
        if (this.#disk.broken) throw new DOMException('broken', 'InvalidStateError');
        this.#kept = new Blob(written);
      },
    };
  }
}

/** Locks of all pages of an origin. */
export class FakeLocks {
  readonly #held = new Set<string>();

  async request(
    name: string,
    ...rest: [(lock: unknown) => unknown] | [{ ifAvailable: boolean }, (lock: unknown) => unknown]
  ): Promise<unknown> {
    const run = rest[rest.length - 1] as (lock: unknown) => unknown;
    if (this.#held.has(name)) return run(null);
    this.#held.add(name);
    try {
      return await run({ name });
    } finally {
      this.#held.delete(name);
    }
  }

  /** The browser lets go of the locks of a page that has gone. */
  killPages(): void {
    this.#held.clear();
  }
}
