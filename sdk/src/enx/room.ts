import { type AvailableFile, AvailableFiles } from './available.js';
import { answerSoon, lastFunction } from './callback.js';
import { Connection, type EnxState, type RoomSpec } from './connection.js';
import type { CoreFile, CoreJoin, CoreRoom } from './core.js';
import { Downloads } from './downloads.js';
import type { EnxEvent } from './events.js';
import { Uploads } from './files.js';
import { MediaRoom } from './media-stubs.js';
import { messageEvent, sendMessage } from './messages.js';
import { downloadAvailable } from './payloads.js';
import { readReconnect } from './reconnect.js';
import { type EnxUser, fillUsers, userOf } from './users.js';

/** What is told of the room when one has joined it. */
export interface RoomInfo {
  room_id: string;
  name: string;
  settings: unknown;
  data: unknown;
  /** What the server takes; sizes in bytes. */
  limits: CoreRoom['limits'];
}

/** A room as the EnxRoom API shows it, over the SDK core. */
export class EnxRoomObject extends MediaRoom {
  /** Everyone in the room by clientId, oneself included; always the same map. */
  readonly userList = new Map<string, EnxUser>();
  /** Oneself; undefined before the room is connected. */
  me: EnxUser | undefined;
  /** The room's id; undefined before the room is connected. */
  roomID: string | undefined;
  /** The room's settings, as the server API set them. */
  roomSettings: unknown = {};

  private readonly connection: Connection;
  private readonly available: AvailableFiles;
  private readonly uploads: Uploads;
  private readonly downloads: Downloads;

  constructor(join: CoreJoin, spec: Partial<RoomSpec> | undefined) {
    super();
    const tell = (event: EnxEvent) => this.dispatchEvent(event);
    this.connection = new Connection(join, spec ?? {}, { opened: (core) => this.opened(core), tell });
    const { ready } = this.connection;
    const tellDownload = (message: object) => tell({ type: 'fs-download-result', message });
    this.uploads = new Uploads(ready, (message) => tell({ type: 'fs-upload-result', message }));
    this.available = new AvailableFiles((file) => tellDownload(downloadAvailable(file)));
    this.downloads = new Downloads(ready, this.available, tellDownload);
  }

  /** 0 not connected, 1 connecting or coming back, 2 connected. */
  get state(): EnxState {
    return this.connection.state;
  }

  /** One's own id, the same after every reconnect; undefined before the room is connected. */
  get clientId(): string | undefined {
    return this.me?.clientId;
  }

  /** The same as {@link clientId}. */
  get clientID(): string | undefined {
    return this.clientId;
  }

  /** What others have shared with this participant; `availableFiles[i].index` is i. */
  get availableFiles(): AvailableFile[] {
    return this.available.files;
  }

  /** Joins: `connect([reconnect][, callback])`. */
  connect(...args: unknown[]): void {
    this.connection.connect(readReconnect(args[0]), lastFunction(args));
  }

  /** Leaves the room; `room-disconnected` follows. */
  disconnect(...args: unknown[]): void {
    this.connection.disconnect();
    answerSoon(lastFunction(args), { result: 0 });
  }

  /** Sends each file as a job; see docs/enxroom.md. */
  sendFiles(files: unknown, options?: unknown, callback?: unknown): void {
    this.uploads.send(files, options, callback);
  }

  /** Receives the file of an index of {@link availableFiles}. */
  recvFiles(index: unknown, options?: unknown, callback?: unknown): void {
    this.downloads.receive(index, options, callback);
  }

  /** Cancels an upload: `(upJobId, cancelAll, callback)`; `(cancelAll, upJobId, callback)` is understood too. */
  cancelUploads(...args: unknown[]): void {
    this.uploads.cancel(args);
  }

  /** Cancels a download: `(jobId, cancelAll, callback)`; `(cancelAll, jobId, callback)` is understood too. */
  cancelDownloads(...args: unknown[]): void {
    this.downloads.cancel(args);
  }

  /** Sends a text: `(text, broadcast, clientIds, callback)`. */
  sendMessage(...args: unknown[]): void {
    sendMessage(this.connection.ready(), 'text', args);
  }

  /** Sends an object: `(object, broadcast, clientIds, callback)`. */
  sendUserData(...args: unknown[]): void {
    sendMessage(this.connection.ready(), 'data', args);
  }

  /** Oneself, returned and given to the callback. */
  whoAmI(callback?: unknown): EnxUser | undefined {
    answerSoon(callback, this.me);
    return this.me;
  }

  /** Whether one's role is moderator. */
  isModerator(): boolean {
    return this.me?.role === 'moderator';
  }

  private opened(core: CoreRoom): object {
    this.me = userOf(core.me);
    this.roomID = core.id;
    this.roomSettings = core.settings ?? {};
    fillUsers(this.userList, core.participants.values());
    this.uploads.bind(core);
    this.downloads.bind(core);
    this.listen(core);
    const { id, name, settings, data, limits } = core;
    const room: RoomInfo = { room_id: id, name, settings: settings ?? {}, data: data ?? {}, limits };
    const greeting = { streams: [], users: [...this.userList.values()], room, me: this.me };
    this.dispatchEvent({ type: 'room-connected', ...greeting });
    this.available.bind(core);
    return greeting;
  }

  private listen(core: CoreRoom): void {
    core.on('participant-joined', ({ participant }) => {
      const user = userOf(participant);
      const known = this.userList.has(user.clientId);
      this.userList.set(user.clientId, user);
      if (!known) this.dispatchEvent({ type: 'user-connected', ...user });
    });
    core.on('participant-left', ({ participant }) => {
      const known = this.userList.delete(participant.id);
      if (known) this.dispatchEvent({ type: 'user-disconnected', ...userOf(participant) });
    });
    core.on('files-offered', ({ files }) => this.offered(files.filter((file) => !file.mine)));
    core.on('message', (message) => {
      if (message.sender.id !== core.me.id) this.dispatchEvent(messageEvent(message));
    });
  }

  private offered(files: readonly CoreFile[]): void {
    const sender = files[0]?.sender;
    if (sender === undefined) return;
    const told = files.map(({ name, size, type, id }) => ({ name, size, type, shareId: id }));
    this.dispatchEvent({
      type: 'fs-upload-started',
      message: { sender: sender.name, senderId: sender.id, files: told },
    });
  }
}
