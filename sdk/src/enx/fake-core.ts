import type {
  Audience,
  CoreDownload,
  CoreEvents,
  CoreFile,
  CoreJoin,
  CoreParticipant,
  CoreProgress,
  CoreRoom,
  CoreState,
  CoreTransfer,
  CoreTransferState,
  CoreUpload,
  Fault,
} from './core.js';

/** A core without a server, for tests: what the real one would hear from its server, a test says. */
export class FakeRoom implements CoreRoom {
  readonly id = 'rm_1';
  readonly name = 'Physics 101';
  readonly settings: unknown = { mode: 'group' };
  readonly data: unknown = { course: 7 };
  readonly limits = { fileSize: 1000 };
  readonly participants = new Map<string, CoreParticipant>();
  readonly files = new Map<string, FakeFile>();
  readonly sent: { upload: FakeUpload; to: Audience }[] = [];
  readonly messages: { body: unknown; to: Audience; kind: string | undefined }[] = [];
  state: CoreState = { kind: 'connected' };
  left = 0;
  /** What leave(), send() or sendMessage() fails with. */
  fault: Fault | undefined;
  private readonly listeners: { type: string; call: (event: never) => void }[] = [];

  constructor(readonly me: CoreParticipant = person('pt_me', 'Ana', 'moderator')) {
    this.participants.set(me.id, me);
  }

  on<K extends keyof CoreEvents>(type: K, listener: (event: CoreEvents[K]) => void): () => void {
    const entry = { type, call: listener };
    this.listeners.push(entry);
    return () => void this.listeners.splice(this.listeners.indexOf(entry), 1);
  }

  emit<K extends keyof CoreEvents>(type: K, event: CoreEvents[K]): void {
    for (const { call } of this.listeners.filter((entry) => entry.type === type)) call(event as never);
  }

  turn(state: CoreState): void {
    this.state = state;
    this.emit('state', { state });
  }

  arrive(participant: CoreParticipant): void {
    this.participants.set(participant.id, participant);
    this.emit('participant-joined', { participant });
  }

  depart(id: string): void {
    const participant = this.participants.get(id);
    this.participants.delete(id);
    if (participant) this.emit('participant-left', { participant });
  }

  /** A file that appears while one is here. */
  add(file: FakeFile): FakeFile {
    this.files.set(file.id, file);
    this.emit('file-added', { file });
    return file;
  }

  change(file: FakeFile, state: CoreFile['state']): void {
    file.state = state;
    this.emit('file-changed', { file });
  }

  send(files: readonly Blob[], { to }: { to: Audience }): FakeUpload[] {
    if (this.fault) throw this.fault;
    const uploads = files.map((file) => new FakeUpload(this, file));
    for (const upload of uploads) this.sent.push({ upload, to });
    return uploads;
  }

  async sendMessage(body: unknown, { to, kind }: { to: Audience; kind?: 'text' | 'data' }): Promise<void> {
    if (this.fault) throw this.fault;
    this.messages.push({ body, to, kind });
  }

  async leave(): Promise<void> {
    this.left += 1;
    if (this.fault) throw this.fault;
    this.turn({ kind: 'left', reason: 'left' });
  }
}

/** A transfer whose bytes move when a test says so. */
abstract class FakeTransfer<T> implements CoreTransfer {
  state: CoreTransferState = { kind: 'waiting' };
  progress: CoreProgress;
  readonly done: Promise<T>;
  cancels = 0;
  private resolve: (value: T) => void = () => {};
  private reject: (fault: Fault) => void = () => {};

  constructor(
    protected readonly room: FakeRoom,
    readonly name: string,
    readonly size: number,
    readonly type: string,
  ) {
    this.progress = { transferred: 0, total: size, rate: 0, eta: undefined };
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.done.catch(() => undefined);
  }

  cancel(): void {
    this.cancels += 1;
    if (this.cancels === 1) this.stop('me');
  }

  stop(by: 'me' | 'sender' | 'room'): void {
    this.turn({ kind: 'cancelled', by });
    this.reject({ code: 'cancelled', message: 'cancelled' });
  }

  fail(error: Fault): void {
    this.turn({ kind: 'failed', error });
    this.reject(error);
  }

  move(transferred: number): void {
    this.progress = { transferred, total: this.size, rate: 100, eta: (this.size - transferred) / 100 };
    this.turn({ kind: 'running' });
  }

  protected finish(value: T): void {
    this.turn({ kind: 'completed' });
    this.resolve(value);
  }

  private turn(state: CoreTransferState): void {
    this.state = state;
    this.room.emit('transfer-changed', { transfer: this.itself() });
  }

  protected abstract itself(): CoreUpload | CoreDownload;
}

/** An upload of the fake room. */
export class FakeUpload extends FakeTransfer<CoreFile> implements CoreUpload {
  readonly kind = 'upload';
  file: FakeFile | undefined;

  constructor(room: FakeRoom, file: Blob) {
    super(room, 'name' in file ? String(file.name) : 'file', file.size, file.type);
  }

  complete(id = 'sh_up'): void {
    this.file = share({ id, name: this.name, size: this.size, mine: true, sha256: 'abc' });
    this.finish(this.file);
  }

  protected itself(): CoreUpload {
    return this;
  }
}

/** A download of the fake room. */
export class FakeDownload extends FakeTransfer<File> implements CoreDownload {
  readonly kind = 'download';

  constructor(
    room: FakeRoom,
    readonly file: FakeFile,
  ) {
    super(room, file.name, file.size ?? file.offset, file.type);
  }

  complete(bytes = 'hello'): void {
    this.finish(new File([bytes], this.name, { type: this.type }));
  }

  protected itself(): CoreDownload {
    return this;
  }
}

/** A share of the fake room; a running download is joined, as the core does it. */
export class FakeFile implements CoreFile {
  id = 'sh_1';
  name = 'DP1.pdf';
  type = 'application/pdf';
  size: number | undefined = 191002;
  sender = { id: 'pt_bo', name: 'Bo' };
  to: Audience = 'room';
  mine = false;
  state: CoreFile['state'] = 'available';
  offset = 0;
  sha256: string | undefined = 'abc';
  createdAt = new Date(1000);
  expiresAt = new Date(2000);
  readonly downloads: FakeDownload[] = [];
  saves = 0;
  fault: Fault | undefined;
  room = new FakeRoom();

  download(): FakeDownload {
    if (this.fault) throw this.fault;
    const last = this.downloads.at(-1);
    if (last && ['waiting', 'running'].includes(last.state.kind)) return last;
    const made = new FakeDownload(this.room, this);
    this.downloads.push(made);
    this.room.emit('transfer-added', { transfer: made });
    return made;
  }

  save(): FakeDownload {
    this.saves += 1;
    return this.download();
  }

  /** The newest download, which a test drives. */
  get latest(): FakeDownload {
    const last = this.downloads.at(-1);
    if (!last) throw new Error('nothing was downloaded');
    return last;
  }
}

/** A share with these facts. */
export function share(facts: Partial<FakeFile>): FakeFile {
  return Object.assign(new FakeFile(), facts);
}

/** A participant. */
export function person(id: string, name: string, role = 'participant'): CoreParticipant {
  return { id, name, role, userRef: `ref-${id}`, grants: ['send', 'receive'] };
}

/** Joins that a test admits or refuses. */
export class FakeDoor {
  readonly calls: { token: string; options: Parameters<CoreJoin>[1] }[] = [];
  private admitNext: (room: CoreRoom) => void = () => {};
  private refuseNext: (fault: Fault) => void = () => {};

  readonly join: CoreJoin = (token, options) => {
    this.calls.push({ token, options });
    return new Promise((resolve, reject) => {
      this.admitNext = resolve;
      this.refuseNext = reject;
    });
  };

  admit(room: CoreRoom): void {
    this.admitNext(room);
  }

  refuse(fault: Fault): void {
    this.refuseNext(fault);
  }
}
