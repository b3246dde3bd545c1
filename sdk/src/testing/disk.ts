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
  /** How often a new file is refused to a worker before it may have it. */
  busy = 0;

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

  async getDirectoryHandle(name: string, { create = false } = {}): Promise<FakeFolder> {
    const folder = this.folders.get(name) ?? (create ? new FakeFolder(this.#disk) : undefined);
    if (folder === undefined) throw new DOMException('none', 'NotFoundError');
    this.folders.set(name, folder);
    return folder;
  }

  async getFileHandle(name: string, { create = false } = {}): Promise<FakeFile> {
    const file = this.files.get(name) ?? (create ? new FakeFile(name, this.#disk) : undefined);
    if (file === undefined) throw new DOMException('none', 'NotFoundError');
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
  /** What synchronous writes have left, closed or not. */
  #bytes = new Uint8Array();
  /** So many times a page that has gone still has it. */
  #busy = 0;

  constructor(name: string, disk: FakeDisk) {
    this.name = name;
    this.#disk = disk;
    this.#busy = disk.busy;
  }

  get createSyncAccessHandle(): (() => Promise<unknown>) | undefined {
    return this.#disk.sync ? async () => this.#access() : undefined;
  }

  #access(): unknown {
    if (this.#busy > 0) {
      this.#busy--;
      throw new DOMException('busy', 'NoModificationAllowedError');
    }
    let bytes = this.#bytes;
    const resize = (size: number) => {
      const old = bytes;
      bytes = new Uint8Array(size);
      bytes.set(old.subarray(0, size));
      this.#bytes = bytes;
    };
    return {
      getSize: () => bytes.length,
      read: (buffer: Uint8Array, { at }: { at: number }) => {
        const piece = bytes.subarray(at, at + buffer.length);
        buffer.set(piece);
        return piece.length;
      },
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

type Ask = (lock: unknown) => unknown;

/** Locks of all pages of an origin. */
export class FakeLocks {
  readonly #held = new Set<string>();
  #waiting: { name: string; go: () => void }[] = [];

  async request(name: string, ...rest: [Ask] | [LockOptions, Ask]): Promise<unknown> {
    const run = rest[rest.length - 1] as Ask;
    const { ifAvailable = false, signal } = rest.length === 2 ? rest[0] : {};
    if (this.#held.has(name)) {
      if (ifAvailable) return run(null);
      await this.#turn(name, signal);
    }
    this.#held.add(name);
    try {
      return await run({ name });
    } finally {
      this.#free(name);
    }
  }

  /** The browser lets go of the locks of a page that has gone. */
  killPages(): void {
    for (const name of [...this.#held]) this.#free(name);
  }

  #turn(name: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = { name, go: resolve };
      this.#waiting.push(waiter);
      signal?.addEventListener('abort', () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(signal.reason);
      });
    });
  }

  #free(name: string): void {
    this.#held.delete(name);
    const next = this.#waiting.find((waiter) => waiter.name === name);
    if (next === undefined) return;
    this.#waiting = this.#waiting.filter((other) => other !== next);
    this.#held.add(name);
    next.go();
  }
}
