import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RoomEventRecord } from './protocol.js';
import type { Room } from './room.js';
import { maySend, type Sharing } from './sharing.js';
import { FakeNetwork } from './testing/room.js';

const off = (rev: number, ...roles: Sharing['off']): Sharing => ({ off: roles, rev });

let network: FakeNetwork;
let room: Room;
let told: Sharing[];

beforeEach(async () => {
  network = new FakeNetwork();
  network.sharing = off(1, 'viewer');
  room = await network.joined();
  told = [];
  room.on('sharing-changed', ({ sharing }) => told.push(sharing));
  network.asked.length = 0;
});

function push(seq: number, sharing: Sharing): void {
  network.push.event({
    type: 'sharing.changed',
    stream: 'room',
    seq,
    time: '2026-03-14T15:09:26Z',
    sharing,
  } as RoomEventRecord);
}

describe('the switch of a room', () => {
  it('is known to who comes late, and followed', () => {
    expect(room.sharing).toEqual(off(1, 'viewer'));
    expect(room.maySend).toBe(true);
    push(1, off(2, 'participant', 'viewer'));
    expect(room.maySend).toBe(false);
    push(2, off(3));
    expect(room.maySend).toBe(true);
    expect(told).toEqual([off(2, 'participant', 'viewer'), off(3)]);
    expect(network.asked).toEqual([]);
  });

  it('is read again after a gap, and news that come late change nothing', async () => {
    network.seq = '6.0';
    network.sharing = off(7, 'participant');
    push(6, off(6));
    await vi.waitFor(() => expect(room.sharing.rev).toBe(7), { interval: 1 });
    push(7, off(5));
    expect(room.maySend).toBe(false);
    expect(told).toEqual([off(7, 'participant')]);
  });

  it('is read again with the connection', () => {
    network.push.lost();
    network.sharing = off(2, 'participant');
    network.welcome();
    expect(told).toEqual([off(2, 'participant')]);
  });

  it.each([
    ['a participant', 'participant', ['send'], ['participant'], false],
    ['a participant of another role', 'participant', ['send'], ['moderator', 'viewer'], true],
    ['nobody without the grant', 'participant', [], [], false],
    ['who may moderate, whatever it is called', 'viewer', ['send', 'moderate'], ['participant', 'viewer'], true],
    ['moderators too', 'participant', ['send', 'moderate'], ['moderator'], false],
    ['who is only called a moderator', 'moderator', ['send'], ['participant'], false],
    ['a viewer that may send', 'viewer', ['send'], ['viewer'], false],
    ['a role of nobody', 'boss', ['send'], ['participant'], false],
  ] as const)('counts %s', (_, role, grants, roles, want) => {
    expect(maySend({ role, grants }, off(1, ...roles))).toBe(want);
  });
});

describe('a moderator', () => {
  it('asks the server', async () => {
    network.bodies.length = 0;
    await room.moderate.switchSharing(['participant', 'viewer']);
    await room.moderate.switchSharing([], { cancelRunning: true });
    await room.moderate.drop('bo');
    await room.moderate.revokeAll('b/o');
    await room.moderate.revoke('sh_9');
    expect(network.bodies).toEqual([
      { off: ['participant', 'viewer'], cancelRunning: false },
      { off: [], cancelRunning: true },
    ]);
    expect(network.asked).toEqual([
      'PUT /v1/rooms/rm_1/sharing',
      'PUT /v1/rooms/rm_1/sharing',
      'DELETE /v1/rooms/rm_1/participants/bo',
      'DELETE /v1/rooms/rm_1/participants/b%2Fo/shares',
      'DELETE /v1/shares/sh_9',
    ]);
  });

  it('is told when it is none', async () => {
    network.refusals.set('/v1/rooms/rm_1/sharing', 403);
    await expect(room.moderate.switchSharing([])).rejects.toMatchObject({ code: 'forbidden' });
  });
});
