import {
  HandoutError,
  type Limits,
  type Participant,
  type Receipt,
  type RoomEvents,
  type RoomState,
  type Sharing,
  type TransferState,
  type Upload,
} from '@handout/sdk';
import type { Audience, DownloadPort, FilePort, RoomPort, TransferPort, UploadPort } from '../model/ports.js';

/** A room without a server: the gallery draws it and tests drive it. Never part of the built page. */
export class FakeRoom implements RoomPort {
  readonly id = 'rm_fixture';
  readonly name: string;
  readonly limits: Limits = LIMITS;
  readonly participants = new Map<string, Participant>();
  readonly files = new Map<string, FilePort>();
  readonly transfers: TransferPort[] = [];
  readonly sent: { files: readonly File[]; to: Audience }[] = [];
  readonly said: { body: unknown; to: Audience }[] = [];
  state: RoomState = { kind: 'connected' };
  sharing: Sharing = { off: [], rev: 0 };
  maySend = true;
  maySendToAll = true;
  /** What a moderator asked for, in order. */
  readonly asked: string[] = [];
  readonly moderate = {
    switchSharing: async (off: readonly string[]) => void this.asked.push(`off ${off.join(' ')}`),
    drop: async (id: string) => void this.asked.push(`drop ${id}`),
    revokeAll: async (id: string) => void this.asked.push(`revokeAll ${id}`),
  };
  me: Participant;
  #listeners = new Map<string, Set<(event: never) => void>>();

  constructor(name: string, me: Participant) {
    this.name = name;
    this.me = me;
    this.maySend = me.grants.includes('send');
    this.maySendToAll = me.grants.includes('sendToAll');
    this.participants.set(me.id, me);
  }

  allows(_: { name: string; type: string }): boolean {
    return true;
  }

  async sendMessage(body: unknown, options: { to: Audience }): Promise<void> {
    this.said.push({ body, to: options.to });
  }

  send(files: readonly File[], options: { to: Audience }): readonly Upload[] {
    this.sent.push({ files, to: options.to });
    return [];
  }

  async leave(): Promise<void> {
    this.state = { kind: 'left', reason: 'left' };
    this.tell('state', { state: this.state });
  }

  on<K extends keyof RoomEvents>(type: K, listener: (event: RoomEvents[K]) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** How many listen. */
  get listening(): number {
    return [...this.#listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }

  /** Dispatches an event. Files and transfers are shapes here, not the SDK's classes. */
  tell(type: keyof RoomEvents, event: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}

export const LIMITS: Limits = {
  fileSize: 2 * 1024 ** 3,
  roomBytes: 20 * 1024 ** 3,
  roomShares: 1_000,
  openUploads: 100,
  filesPerRequest: 100,
  lifetimeSeconds: 86_400,
  emptyRoomSeconds: 600,
  uploadIdleSeconds: 3_600,
  reconnectSeconds: 30,
  messageBytes: 16_384,
  participantsPerRoom: 200,
  recipientsPerRequest: 200,
  receiptsPerRequest: 2_000,
};

const ALL_GRANTS: Participant['grants'] = ['send', 'receive', 'sendToAll'];

export function person(id: string, name: string, more: Partial<Participant> = {}): Participant {
  return {
    id,
    name,
    role: 'participant',
    grants: ALL_GRANTS,
    joinedAt: new Date('2026-03-04T09:00:00Z'),
    ...more,
  } as Participant;
}

let clock = Date.parse('2026-03-04T10:00:00Z');

/** The next second: what is made later is newer. */
function tick(): number {
  clock += 1_000;
  return clock;
}

/** A file of someone else, available to all unless said otherwise. Each one is newer than the last. */
export function sharedFile(name: string, more: Partial<FilePort> = {}): FilePort {
  const now = tick();
  const createdAt = new Date(now);
  return {
    id: `sh_${now}`,
    name,
    path: '',
    type: '',
    size: 4_200_000,
    sender: { id: 'ana', name: 'Ana Moreau' },
    to: 'room',
    mine: false,
    state: 'available',
    offset: 0,
    createdAt,
    expiresAt: new Date(now + 86_400_000),
    save: () => undefined,
    download: () => {
      throw new Error('there are no bytes in a fixture');
    },
    revoke: async () => undefined,
    receipts: new Map(),
    markSeen: () => undefined,
    decline: () => undefined,
    hasThumbnail: false,
    thumbnail: async () => undefined,
    ...more,
  };
}

/** What has become of a file at its recipients, in the order given. */
export function receipts(...all: (Partial<Receipt> & Pick<Receipt, 'participant' | 'state'>)[]): Map<string, Receipt> {
  const of = (one: (typeof all)[number]): Receipt => ({
    name: '',
    reason: undefined,
    bytes: 0,
    percent: one.state === 'received' ? 100 : 0,
    offeredAt: new Date('2026-03-04T10:00:00Z'),
    seenAt: one.state === 'seen' ? new Date('2026-03-04T10:02:00Z') : undefined,
    startedAt: undefined,
    endedAt: ['offered', 'seen', 'downloading'].includes(one.state) ? undefined : new Date('2026-03-04T10:04:00Z'),
    ...one,
  });
  return new Map(all.map((one) => [one.participant, of(one)]));
}

const RUNNING: TransferState = { kind: 'running' };

export function upload(name: string, more: Partial<UploadPort> = {}): UploadPort {
  const size = more.size ?? 48_000_000;
  return {
    kind: 'upload',
    name,
    path: '',
    type: '',
    size,
    to: 'room',
    file: undefined,
    state: RUNNING,
    progress: { transferred: size * 0.45, total: size, rate: 6_400_000, eta: 8 },
    startedAt: tick(),
    cancel: () => undefined,
    retry: () => undefined,
    ...more,
  };
}

export function download(file: FilePort, more: Partial<DownloadPort> = {}): DownloadPort {
  const size = file.size ?? 0;
  return {
    kind: 'download',
    done: Promise.resolve(new Blob([`What is in ${file.name}.`])),
    name: file.name,
    type: file.type,
    size,
    file,
    state: RUNNING,
    progress: { transferred: size * 0.72, total: size, rate: 11_200_000, eta: 4 },
    startedAt: tick(),
    cancel: () => undefined,
    retry: () => undefined,
    ...more,
  };
}

export function failed(code: string): TransferState {
  return { kind: 'failed', error: new HandoutError(code, code) };
}
