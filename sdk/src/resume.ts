import type { Audience } from './protocol.js';
import type { SourceFile } from './source.js';

/** The part of localStorage that is used. */
export type ResumeStorage = Pick<Storage, 'getItem' | 'setItem'>;

interface Entry {
  /** Room, participant, file and audience: what must be the same to go on. */
  readonly key: string;
  readonly share: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Where the records lie, for whom, and how long they are worth keeping. */
export interface ResumeConfig {
  readonly storage: ResumeStorage | undefined;
  readonly room: string;
  readonly participant: string;
  readonly maxAgeMs: number;
  readonly now?: () => number;
}

const SLOT = 'handout.uploads';
const MAX_ENTRIES = 200;

/**
 * Remembers unfinished uploads beyond a reload, so that the same file, picked
 * again, goes on where it was. The server decides whether it may: a record is a hint.
 */
export class ResumeRecords {
  readonly #config: ResumeConfig;
  readonly #now: () => number;

  constructor(config: ResumeConfig) {
    this.#config = config;
    this.#now = config.now ?? Date.now;
  }

  /** The shares that this file was being sent as, newest first. */
  find(file: SourceFile, to: Audience): string[] {
    const key = this.#key(file, to);
    if (key === undefined) return [];
    return this.#read()
      .filter((entry) => entry.key === key)
      .map((entry) => entry.share)
      .reverse();
  }

  /** Remembers an upload that has begun. */
  keep(file: SourceFile, to: Audience, share: string): void {
    const key = this.#key(file, to);
    if (key === undefined) return;
    const others = this.#read().filter((entry) => entry.share !== share);
    this.#write([...others, { key, share, at: this.#now() }]);
  }

  /** Forgets an upload that has ended. */
  drop(share: string): void {
    const entries = this.#read();
    const others = entries.filter((entry) => entry.share !== share);
    if (others.length !== entries.length) this.#write(others);
  }

  /** Bytes without a date are no file of a disk: nobody can pick them again. */
  #key(file: SourceFile, to: Audience): string | undefined {
    if (file.lastModified === undefined) return undefined;
    const audience = to === 'room' ? to : [...to].sort();
    const { room, participant } = this.#config;
    const key = [room, participant, file.name, file.blob.size, file.lastModified, audience];
    // Files of one name, size and date are not rare in folders: they are not each other.
    return JSON.stringify(file.path ? [...key, file.path] : key);
  }

  #read(): Entry[] {
    try {
      const entries: unknown = JSON.parse(this.#config.storage?.getItem(SLOT) ?? '[]');
      if (!Array.isArray(entries)) return [];
      const oldest = this.#now() - this.#config.maxAgeMs;
      return entries.filter(isEntry).filter((entry) => entry.at > oldest);
    } catch {
      return []; // no storage, or not ours: uploads start from the beginning
    }
  }

  #write(entries: Entry[]): void {
    try {
      this.#config.storage?.setItem(SLOT, JSON.stringify(entries.slice(-MAX_ENTRIES)));
    } catch {
      // full or forbidden: the upload itself is not touched by that
    }
  }
}

function isEntry(value: unknown): value is Entry {
  const entry = value as Partial<Entry> | null;
  return typeof entry?.key === 'string' && typeof entry.share === 'string' && typeof entry.at === 'number';
}

/** The page's localStorage; undefined where the browser forbids it. */
export function pageStorage(): ResumeStorage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
