import type { Download } from './download.js';
import { Downloads } from './downloads.js';
import { Emitter } from './emitter.js';
import { asHandoutError, HandoutError } from './errors.js';
import type { SharedFile } from './file.js';
import { Files } from './files.js';
import type { Api } from './http.js';
import { Moderation } from './moderation.js';
import { type Participant, People } from './people.js';
import type { Audience, LeaveReason, Limits, RoomEventRecord, ServerEvent, Welcome } from './protocol.js';
import { Receipts } from './receipts.js';
import { pageStorage, ResumeRecords } from './resume.js';
import type { RoomEvents, RoomState, SendOptions } from './room-events.js';
import { allows, permits, type Rules } from './rules.js';
import { saveToDisk } from './save.js';
import { maySend, type Sharing } from './sharing.js';
import type { Signal } from './signal.js';
import { MAX_STREAMS } from './slots.js';
import { type FileSource, snapshot } from './source.js';
import { Sync, type SyncTarget } from './sync.js';
import type { Upload } from './upload.js';
import { Uploads } from './uploads.js';
import { Words } from './words.js';

/** A room that this page is in. Made by {@link join}. */
export class Room {
  /** What a moderator can do here. */
  readonly moderate: Moderation;
  readonly #api: Api;
  readonly #signal: Signal;
  readonly #events = new Emitter<RoomEvents>();
  readonly #transfers: (Upload | Download)[] = [];
  readonly #people: People;
  /** Ends when the room is left. */
  readonly #over = new AbortController();
  /** Files that were before my eyes. */
  readonly #seen = new Set<string>();
  readonly #parts: Parts;
  #welcome: Welcome;
  #sharing: Sharing;
  #rules: Rules;
  #limits: Limits;
  #state: RoomState = { kind: 'connecting' };

  /** @internal */
  constructor(api: Api, signal: Signal, welcome: Welcome) {
    this.#api = api;
    this.#signal = signal;
    this.#welcome = welcome;
    this.#sharing = welcome.room.sharing;
    this.#rules = welcome.room.rules ?? { rev: 0 };
    this.#limits = welcome.limits;
    this.moderate = new Moderation(api);
    this.#people = new People({
      joined: (participant) => {
        this.#events.emit('participant-joined', { participant });
        // Whoever is here from the start is nobody's news.
        if (this.#state.kind !== 'connecting') this.#parts.receipts.joined(participant);
      },
      left: (participant) => {
        this.#events.emit('participant-left', { participant });
        this.#parts.receipts.left(participant);
      },
    });
    this.#parts = this.#assemble();
    const { signal: over } = this.#over;
    globalThis.addEventListener?.('pagehide', () => this.#parts.downloads.interrupted(), { signal: over });
  }

  /** The room's id. */
  get id(): string {
    return this.#welcome.room.id;
  }

  get name(): string {
    return this.#welcome.room.name;
  }

  /** The application's settings of the room, as its back end gave them. */
  get settings(): unknown {
    return this.#welcome.room.settings;
  }

  /** The application's data of the room, as its back end gave them. */
  get data(): unknown {
    return this.#welcome.room.data;
  }

  /** This page's participant. */
  get me(): Participant {
    return this.#welcome.me;
  }

  /** What the server permits in this room. */
  get limits(): Limits {
    return this.#limits;
  }

  /** What the application has laid down for this room. It may do so again at any time: see `rules-changed`. */
  get rules(): Rules {
    return this.#rules;
  }

  /** Whether the rules let a file be offered, by its name and type. `send` fails others with `type-not-allowed`. */
  allows(file: { name: string; type: string }): boolean {
    return allows(this.#rules, file);
  }

  get state(): RoomState {
    return this.#state;
  }

  /** For whom sharing is switched off. It follows what moderators do: see {@link Moderation.switchSharing}. */
  get sharing(): Sharing {
    return this.#sharing;
  }

  /** Whether I may offer files now: my token grants it, sharing is not switched off for me, and the rules permit it. */
  get maySend(): boolean {
    return maySend(this.me, this.#sharing) && permits(this.me, this.#rules, false);
  }

  /** Whether I may offer files to everyone now. */
  get maySendToAll(): boolean {
    return this.maySend && this.me.grants.includes('sendToAll') && permits(this.me, this.#rules, true);
  }

  /** Who is here, this page's participant included, by id. */
  get participants(): ReadonlyMap<string, Participant> {
    return this.#people.byId;
  }

  /** Every file that I may see, my own included, by id, in the order they became known. Ended ones stay. */
  get files(): ReadonlyMap<string, SharedFile> {
    return this.#parts.files.byId;
  }

  /** Uploads and downloads of this page, oldest first. */
  get transfers(): readonly (Upload | Download)[] {
    return this.#transfers;
  }

  /**
   * Offers files. The list is read at once; the uploads start when the caller has
   * had the time to listen, and each has its own outcome.
   * @throws HandoutError `not-connected`, `empty-list`, `invalid-request`
   */
  send(files: FileSource, { to, signal, parallel = 'auto', path, thumbnail }: SendOptions): Upload[] {
    this.#mustBeIn();
    if (parallel !== 'auto' && (!Number.isInteger(parallel) || parallel < 1 || parallel > MAX_STREAMS)) {
      throw new HandoutError('invalid-request', `"parallel" is "auto" or from 1 to ${MAX_STREAMS}`);
    }
    const uploads = this.#parts.uploads.add(snapshot(files, path), to, parallel, thumbnail);
    for (const upload of uploads) {
      this.#add(upload);
      upload.heed(signal);
    }
    return uploads;
  }

  /** Sends a message. Who is away misses it. */
  async sendMessage(body: unknown, options: { to: Audience; kind?: 'text' | 'data' }): Promise<void> {
    this.#mustBeIn();
    await this.#api.message(options.kind ?? (typeof body === 'string' ? 'text' : 'data'), options.to, body);
  }

  /** Leaves the room. Running uploads and downloads are cancelled; what was shared stays for the others. */
  async leave(): Promise<void> {
    if (this.#state.kind === 'left') return;
    const stopped = this.#stop('me');
    this.#enter({ kind: 'left', reason: 'left' });
    await stopped;
    // The server lets go by itself of whom it cannot hear.
    await this.#api.leave(this.me.id).catch(() => undefined);
    this.#signal.disconnect();
  }

  /** Listens. Returns what takes the listener off again. That the room was left is the last event. */
  on<K extends keyof RoomEvents>(type: K, listener: (event: RoomEvents[K]) => void): () => void {
    return this.#events.on(type, listener);
  }

  /** @internal The push connection is there, for the first time or again. */
  welcomed(welcome: Welcome): void {
    if (this.#state.kind === 'left') return;
    this.#welcome = welcome;
    this.#limits = welcome.limits;
    this.#switched(welcome.room.sharing);
    this.#ruled(welcome.room.rules, welcome.limits);
    // What is news now is told in a room that is connected: a listener may act on it at once.
    if (this.#state.kind === 'reconnecting') this.#enter({ kind: 'connected' });
    this.#wake();
    this.#parts.sync.resync();
  }

  /** @internal */
  received(event: ServerEvent): void {
    if (this.#state.kind === 'left') return;
    if (event.type === 'message') this.#events.emit('message', { ...event.message, time: new Date(event.time) });
    else if (event.type === 'transfers.moved') {
      this.#parts.files.moved(event.transfers);
      this.#parts.receipts.moved(event.transfers);
    } else if (event.type === 'stream.moved') this.#parts.sync.moved(event.stream, event.head);
    else this.#parts.sync.receive(event);
  }

  /** @internal */
  lost(): void {
    if (this.#state.kind === 'connected') this.#enter({ kind: 'reconnecting', since: Date.now() });
  }

  /** @internal */
  closed(reason: LeaveReason, code: number | undefined): void {
    if (this.#state.kind === 'left') return;
    // Who was replaced, or has lost the server, has another page, or soon will.
    void this.#stop('room', reason !== 'dropped' && reason !== 'room-ended');
    this.#enter({ kind: 'left', reason, code });
  }

  #assemble(): Parts {
    const files = new Files(this.me.id, this.#fileActions(), {
      added: (file) => {
        this.#parts.uploads.fileAdded(file);
        this.#events.emit('file-added', { file });
      },
      offered: (batch) => this.#events.emit('files-offered', { files: batch }),
      changed: (file) => this.#fileChanged(file),
    });
    const changed = (transfer: Upload | Download) => this.#events.emit('transfer-changed', { transfer });
    const records = new ResumeRecords({
      storage: pageStorage(),
      room: this.id,
      participant: this.me.id,
      // An upload that moves is not idle, however long ago it began: its share's life is the bound.
      maxAgeMs: this.limits.lifetimeSeconds * 1000,
    });
    const api = this.#api;
    const words = new Words({ api });
    const receipts = new Receipts({
      me: this.me.id,
      files: files.byId,
      people: this.#people.byId,
      changed: (file, changes) => this.#events.emit('receipts-changed', { file, receipts: changes }),
    });
    return {
      files,
      words,
      receipts,
      uploads: new Uploads({
        api,
        files,
        records,
        limits: () => this.limits,
        allows: (file) => this.allows(file),
        changed,
        create: (creation, signal) => api.create(creation, signal),
      }),
      downloads: new Downloads({
        api,
        files,
        words,
        owner: `${this.id}.${this.me.id}`,
        changed,
        added: (download) => this.#add(download),
        save: saveToDisk,
      }),
      sync: new Sync(api, this.#syncTarget()),
    };
  }

  #fileActions(): ConstructorParameters<typeof Files>[1] {
    return {
      download: (file, options) => {
        this.#mustBeIn();
        return this.#parts.downloads.get(file, options);
      },
      save: (file, options) => {
        this.#mustBeIn();
        return this.#parts.downloads.save(file, options);
      },
      link: async (file) => this.#api.url((await this.#api.ticket(file.id)).url),
      revoke: (file) => this.#api.end(file.id),
      thumbnail: (file) => this.#api.thumbnail(file.id),
      receipts: (file) => this.#parts.receipts.of(file),
      markSeen: (file) => this.#markSeen(file),
      decline: (file) => {
        this.#mustBeIn();
        this.#parts.downloads.decline(file);
      },
    };
  }

  /** Once: what is seen is seen. A word that says more goes before. */
  #markSeen(file: SharedFile): void {
    if (file.mine || this.#seen.has(file.id) || this.#state.kind === 'left') return;
    this.#seen.add(file.id);
    if (!this.#parts.words.owes(file.id)) this.#parts.words.say({ share: file.id, state: 'seen' });
  }

  #syncTarget(): SyncTarget {
    return {
      shares: (shares) => this.#parts.files.apply(shares),
      onlyShares: (ids) => this.#parts.files.keepOnly(ids),
      roster: ({ participants, sharing, rules, limits }) => {
        this.#people.replace(participants);
        this.#switched(sharing);
        this.#ruled(rules, limits);
      },
      wantsReceipts: () => this.#parts.receipts.wanted,
      receipts: (receipts) => this.#parts.receipts.apply(receipts),
      event: (event) => this.#apply(event),
      synced: () => this.#synced(),
      refused: (error) => this.#refused(error),
    };
  }

  #apply(event: RoomEventRecord): void {
    switch (event.type) {
      case 'participant.joined':
        this.#people.join(event.participant);
        return;
      case 'participant.left':
        this.#people.leave(event.participant);
        return;
      case 'shares.created':
      case 'shares.available':
      case 'shares.ended':
        this.#parts.files.apply(event.shares, true);
        return;
      case 'receipts.changed':
        this.#parts.receipts.apply(event.receipts);
        return;
      case 'sharing.changed':
        this.#switched(event.sharing);
        return;
      case 'rules.changed':
        this.#ruled(event.rules, event.limits);
        return;
      case 'room.ended': // the connection is closed with the reason
      case 'unknown':
        return;
    }
  }

  /** The newest news of the switch wins, whatever way it came. */
  #switched(sharing: Sharing): void {
    if (sharing.rev <= this.#sharing.rev) return;
    this.#sharing = sharing;
    this.#events.emit('sharing-changed', { sharing });
  }

  #ruled(rules: Rules | undefined, limits: Limits | undefined): void {
    if (rules === undefined || limits === undefined || rules.rev <= this.#rules.rev) return;
    this.#rules = rules;
    this.#limits = limits;
    this.#events.emit('rules-changed', { rules, limits });
  }

  #fileChanged(file: SharedFile): void {
    this.#parts.uploads.fileChanged(file);
    this.#parts.downloads.fileChanged(file);
    this.#parts.receipts.fileChanged(file);
    this.#events.emit('file-changed', { file });
  }

  #synced(): void {
    if (this.#state.kind !== 'connecting') return;
    this.#enter({ kind: 'connected' });
    void this.#parts.downloads.takeUp(this.#over.signal);
  }

  /** The network is back: transfers need not wait any longer. */
  #wake(): void {
    this.#parts.uploads.wake();
    this.#parts.downloads.wake();
    this.#parts.words.wake();
  }

  /** The server does not let us read what is in the room: then we are not in it. */
  #refused(error: Error): void {
    const { code } = asHandoutError(error);
    this.closed(code === 'room-ended' || code === 'room-not-found' ? 'room-ended' : 'unauthenticated', undefined);
    this.#signal.disconnect();
  }

  #add(transfer: Upload | Download): void {
    this.#transfers.push(transfer);
    this.#events.emit('transfer-added', { transfer });
  }

  async #stop(by: 'me' | 'room', keepsDownloads = false): Promise<void> {
    this.#over.abort();
    this.#parts.sync.stop();
    this.#parts.downloads.stop(by, keepsDownloads); // says what was cancelled
    await Promise.all([this.#parts.words.stop(by), this.#parts.uploads.stop(by)]);
  }

  #enter(state: RoomState): void {
    this.#state = state;
    this.#events.emit('state', { state });
    if (state.kind === 'left') this.#events.end(); // a reply that was on its way is news to nobody
  }

  #mustBeIn(): void {
    if (this.#state.kind === 'left') throw new HandoutError('not-connected', 'the room was left');
  }
}

/** The machinery of a room. */
interface Parts {
  readonly files: Files;
  readonly words: Words;
  readonly receipts: Receipts;
  readonly uploads: Uploads;
  readonly downloads: Downloads;
  readonly sync: Sync;
}
