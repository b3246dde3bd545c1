import type { CoreFile, CoreRoom } from './core.js';

/** One entry of `room.availableFiles`. */
export interface AvailableFile {
  name: string;
  /** In bytes. */
  size: number;
  /** Its own place in the array, for good. */
  index: number;
  type: string;
  /** The sender's name. */
  sender: string;
  senderId: string;
  broadcast: boolean;
  /** Epoch milliseconds. */
  createdAt: number;
  /** Epoch milliseconds. */
  expiresAt: number;
  shareId: string;
  /** An entry whose file was revoked or has expired stays, marked here. */
  status: 'available' | 'revoked' | 'expired';
}

/** A file that is still being sent: it has no place among the available ones yet. */
export interface ArrivingFile extends Omit<AvailableFile, 'index' | 'status'> {
  index?: never;
  status: 'uploading';
}

/**
 * The files that others have shared with this participant. Applications index
 * the array with what an event gave them, so it only grows: `files[i].index`
 * is i during the room object's whole life.
 */
export class AvailableFiles {
  /** What `room.availableFiles` is; always the same array. */
  readonly files: AvailableFile[] = [];
  /** Our own book, as an application may do what it likes with the array. */
  private readonly book: AvailableFile[] = [];
  private readonly byShare = new Map<string, AvailableFile>();
  private backlog: AvailableFile[] | undefined;

  /** `announce` tells the application of a new entry. */
  constructor(private readonly announce: (file: AvailableFile) => void) {}

  /**
   * Fills the array with what the room holds, at once, and announces what is
   * new in a task of its own: an application that waits for a promise of
   * joinRoom adds its listeners a moment after the callback.
   */
  bind(core: CoreRoom): void {
    core.on('file-added', ({ file }) => this.apply(file, core.me.id));
    core.on('file-changed', ({ file }) => this.apply(file, core.me.id));
    this.backlog ??= [];
    for (const file of core.files.values()) this.apply(file, core.me.id);
    setTimeout(() => this.flush());
  }

  /**
   * The entry that an application names by index, numeric string or share id;
   * 'invalid' for what can be none of these, undefined for what is not there.
   */
  find(index: unknown): AvailableFile | undefined | 'invalid' {
    if (typeof index === 'number') return Number.isNaN(index) ? 'invalid' : this.book[index];
    if (typeof index !== 'string') return 'invalid';
    const text = index.trim();
    if (/^-?\d+$/.test(text)) return this.book[Number(text)];
    if (this.byShare.has(text) || text.startsWith('sh_')) return this.byShare.get(text);
    return 'invalid';
  }

  /** The file still being sent that an application names by share id. */
  findArriving(id: unknown, core: CoreRoom): ArrivingFile | undefined {
    const file = typeof id === 'string' ? core.files.get(id.trim()) : undefined;
    return file?.state === 'uploading' && isFor(core.me.id, file) ? factsOf(file, 'uploading') : undefined;
  }

  private apply(file: CoreFile, me: string): void {
    const known = this.byShare.get(file.id);
    if (known) {
      if (file.state === 'revoked' || file.state === 'expired') known.status = file.state;
      return;
    }
    if (file.state !== 'available' || !isFor(me, file)) return;
    const entry: AvailableFile = { ...factsOf(file, 'available'), index: this.book.length };
    this.book.push(entry);
    this.files.push(entry);
    this.byShare.set(file.id, entry);
    if (this.backlog) this.backlog.push(entry);
    else this.announce(entry);
  }

  private flush(): void {
    const waiting = this.backlog ?? [];
    this.backlog = undefined;
    for (const entry of waiting) this.announce(entry);
  }
}

/** A moderator may see what is for others: that is not received here. */
function isFor(me: string, file: CoreFile): boolean {
  return !file.mine && (file.to === 'room' || file.to.includes(me));
}

function factsOf<S extends string>(file: CoreFile, status: S) {
  return {
    name: file.name,
    size: file.size ?? file.offset,
    type: file.type,
    sender: file.sender.name,
    senderId: file.sender.id,
    broadcast: file.to === 'room',
    createdAt: file.createdAt.getTime(),
    expiresAt: file.expiresAt.getTime(),
    shareId: file.id,
    status,
  };
}
