/** Records as a server would send them, for tests. Never part of a build. */
import type { Limits, ParticipantRecord, ShareRecord } from '../protocol.js';
import type { ReceiptRecord } from '../receipt-records.js';
import type { Sharing } from '../sharing.js';

/** A share of Bo's for the whole room, uploading unless said otherwise. */
export function share(more: Partial<ShareRecord> = {}): ShareRecord {
  return {
    id: 'sh_1',
    room: 'rm_1',
    name: 'a.txt',
    type: 'text/plain',
    size: 5,
    offset: 0,
    state: 'uploading',
    sender: { id: 'bo', name: 'Bo' },
    to: 'room',
    createdAt: '2026-03-14T15:09:26.535Z',
    expiresAt: '2026-03-15T15:09:26.535Z',
    rev: 1,
    ...more,
  };
}

/** Ana, unless said otherwise. */
export function participant(more: Partial<ParticipantRecord> = {}): ParticipantRecord {
  return {
    id: 'ana',
    name: 'Ana',
    role: 'participant',
    grants: ['send', 'receive', 'sendToAll'],
    joinedAt: '2026-03-14T15:00:00Z',
    ...more,
  };
}

/** Bo's of sh_1, as it is when nothing has happened. */
export function receipt(more: Partial<ReceiptRecord> = {}): ReceiptRecord {
  return {
    share: 'sh_1',
    participant: 'bo',
    name: 'Bo',
    state: 'offered',
    offeredAt: '2026-03-14T15:09:26.535Z',
    rev: 0,
    ...more,
  };
}

/** Sharing that was never switched. */
export const SHARING: Sharing = { off: [], rev: 0 };

/** Limits of a small server. */
export const LIMITS: Limits = {
  fileSize: 1_000_000,
  roomBytes: 10_000_000,
  roomShares: 100,
  openUploads: 10,
  filesPerRequest: 5,
  lifetimeSeconds: 86_400,
  emptyRoomSeconds: 600,
  uploadIdleSeconds: 3_600,
  reconnectSeconds: 10,
  messageBytes: 16_384,
  participantsPerRoom: 200,
  recipientsPerRequest: 200,
  receiptsPerRequest: 6,
};
