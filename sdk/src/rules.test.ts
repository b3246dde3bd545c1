import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RoomEventRecord } from './protocol.js';
import type { Room } from './room.js';
import { allows, permits, type Rules } from './rules.js';
import { LIMITS } from './testing/records.js';
import { FakeNetwork } from './testing/room.js';

describe('the rules of a room', () => {
  let network: FakeNetwork;
  let room: Room;
  let told: Rules[];

  beforeEach(async () => {
    network = new FakeNetwork();
    network.rules = { allow: ['.pdf'], limits: { fileSize: 10 }, rev: 1 };
    room = await network.joined();
    told = [];
    room.on('rules-changed', ({ rules }) => told.push(rules));
  });

  function push(seq: number, rules: Rules): void {
    const event = {
      type: 'rules.changed',
      stream: 'room',
      seq,
      time: '',
      rules,
      limits: { ...LIMITS, ...rules.limits },
    };
    network.push.event(event as RoomEventRecord);
  }

  it('are known to who comes late, and followed', () => {
    expect([room.limits.fileSize, room.allows({ name: 'a.png', type: 'image/png' })]).toEqual([10, false]);
    push(1, { allow: ['image/*'], send: ['moderator'], rev: 2 });
    expect([room.limits.fileSize, room.allows({ name: 'a.png', type: 'image/png' })]).toEqual([LIMITS.fileSize, true]);
    expect(room.maySend).toBe(false);
    push(2, { sendToAll: ['moderator'], rev: 3 });
    expect([room.maySend, room.maySendToAll]).toEqual([true, false]);
    push(3, { rev: 2 });
    expect(told.map(({ rev }) => rev)).toEqual([2, 3]);
  });

  it('are read again after a gap, and with the connection', async () => {
    network.seq = '6.0';
    network.rules = { limits: { fileSize: 7 }, rev: 5 };
    push(6, { rev: 4 });
    await vi.waitFor(() => expect(room.rules.rev).toBe(5), { interval: 1 });
    expect(room.limits.fileSize).toBe(7);
    network.push.lost();
    network.rules = { limits: { fileSize: 8 }, rev: 6 };
    network.welcome();
    expect(room.limits.fileSize).toBe(8);
  });

  it('refuse a file before it is sent', () => {
    const [upload] = room.send([new File(['x'], 'a.exe')], { to: 'room' });
    return vi.waitFor(() => {
      expect(upload?.state).toMatchObject({ kind: 'failed', error: { code: 'type-not-allowed' } });
      expect(network.asked.filter((asked) => asked.startsWith('POST'))).toEqual([]);
    });
  });
});

it.each([
  [{}, 'a.exe', '', true],
  [{ allow: ['.pdf'] }, 'A.PDF', '', true],
  [{ allow: ['.pdf'] }, 'a.pdf.exe', 'application/pdf', false],
  [{ allow: ['image/*'] }, 'a.png', 'image/png', true],
  [{ allow: ['image/*'] }, 'a.png', '', true],
  [{ allow: ['image/*'] }, 'a.txt', 'text/plain', false],
  [{ allow: ['image/png', '.txt'] }, 'a.txt', 'text/plain', true],
  [{ deny: ['.exe'] }, 'a.EXE', '', false],
  [{ deny: ['text/html'] }, 'a', 'text/html', false],
  [{ allow: ['image/*'], deny: ['image/svg+xml'] }, 'a.svg', 'image/svg+xml', false],
] as const)('%j with %s of "%s" is %s', (rules, name, type, want) => {
  expect(allows({ ...rules, rev: 1 }, { name, type })).toBe(want);
});

it.each([
  [{}, 'viewer', true, true],
  [{ send: [] }, 'participant', false, false],
  [{ send: ['viewer'] }, 'viewer', true, true],
  [{ sendToAll: ['moderator'] }, 'boss', true, false],
] as const)('%j with a %s', (rules, role, list, all) => {
  const me = { grants: ['send'], role };
  expect([permits(me, { ...rules, rev: 1 }, false), permits(me, { ...rules, rev: 1 }, true)]).toEqual([list, all]);
});
