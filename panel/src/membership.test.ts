import { HandoutError } from '@handout/sdk';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeRoom, person } from './dev/fake-room.js';
import { type Join, Member } from './membership.js';
import type { RoomPort } from './model/ports.js';

/** A join that is answered when the test says so. */
interface Asked {
  readonly token: string;
  readonly options: Parameters<Join>[1];
  welcome(room: RoomPort): void;
  refuse(error: unknown): void;
}

const host = { isConnected: true, addController: () => undefined, requestUpdate: () => undefined };
const ears = { joined: vi.fn(), refused: vi.fn(), left: vi.fn() };
let asked: Asked[];
let member: Member;
const newest = () => asked.at(-1) as Asked;

function aRoom(): FakeRoom & { gone: number } {
  const room = Object.assign(new FakeRoom('r', person('me', 'Noor')), { gone: 0 });
  const leave = room.leave.bind(room);
  room.leave = () => {
    room.gone++;
    return leave();
  };
  return room;
}

beforeEach(() => {
  vi.resetAllMocks();
  host.isConnected = true;
  asked = [];
  member = new Member(
    host as never,
    ears,
    (token, options) =>
      new Promise((welcome, refuse) => {
        asked.push({ token, options, welcome, refuse });
      }),
  );
});

describe('with a token', () => {
  it('joins, and leaves when it is taken out of the document', async () => {
    member.with('one', 'https://files.example.org');
    expect(member.standing.kind).toBe('joining');
    expect([newest().token, newest().options.server]).toEqual(['one', 'https://files.example.org']);
    const room = aRoom();
    newest().welcome(room);
    await vi.waitFor(() => expect(ears.joined).toHaveBeenCalledExactlyOnceWith(room));
    expect(member.standing).toEqual({ kind: 'in', room, own: true });
    host.isConnected = false;
    member.hostDisconnected();
    await vi.waitFor(() => expect(room.gone).toBe(1));
    expect([member.standing.kind, room.listening]).toEqual(['idle', 0]);
    host.isConnected = true;
    member.hostConnected();
    expect([member.standing.kind, asked.length]).toEqual(['joining', 2]);
  });

  it('stays where it is when it is moved', async () => {
    member.with('one', '');
    const room = aRoom();
    newest().welcome(room);
    await vi.waitFor(() => expect(member.standing.kind).toBe('in'));
    member.hostDisconnected(); // and connected again in the same task
    member.hostConnected();
    await Promise.resolve();
    expect([room.gone, asked.length, member.standing.kind, room.listening]).toEqual([0, 1, 'in', 1]);
  });

  it('that is another one joins another room, and what comes of the first is left', async () => {
    member.with('one', '');
    const first = newest();
    member.with('two', '');
    expect([first.options.signal.aborted, newest().token]).toEqual([true, 'two']);
    const late = aRoom();
    first.welcome(late);
    await vi.waitFor(() => expect(late.gone).toBe(1));
    expect(member.standing.kind).toBe('joining');
    expect(ears.joined).not.toHaveBeenCalled();
    member.with('', '');
    expect([newest().options.signal.aborted, member.standing.kind]).toEqual([true, 'idle']);
  });

  it('that is refused says so, and is tried again', async () => {
    member.with('one', '');
    newest().refuse(new HandoutError('room-full', 'no place'));
    await vi.waitFor(() => expect(member.standing.kind).toBe('refused'));
    expect(ears.refused.mock.lastCall?.[0].code).toBe('room-full');
    member.again();
    expect([member.standing.kind, asked.length]).toEqual(['joining', 2]);
    newest().refuse('not an error at all');
    await vi.waitFor(() => expect(ears.refused).toHaveBeenCalledTimes(2));
    expect(ears.refused.mock.lastCall?.[0].code).toBe('internal');
  });

  it('comes back after the room was left', async () => {
    member.with('one', '');
    const room = aRoom();
    newest().welcome(room);
    await vi.waitFor(() => expect(member.standing.kind).toBe('in'));
    await member.leave();
    expect(member.standing).toEqual({ kind: 'left', room, own: true, reason: 'left' });
    expect(ears.left).toHaveBeenCalledExactlyOnceWith(room, 'left');
    member.again();
    expect(asked).toHaveLength(2);
    await member.leave();
    expect([newest().options.signal.aborted, member.standing.kind]).toEqual([true, 'idle']);
  });
});

describe('with a room of the application', () => {
  it('uses it, and never leaves it', async () => {
    const room = aRoom();
    member.with('one', '');
    member.use(room);
    expect([newest().options.signal.aborted, member.standing.kind]).toEqual([true, 'in']);
    member.again();
    await member.leave();
    host.isConnected = false;
    member.hostDisconnected();
    await Promise.resolve();
    expect([room.gone, room.listening, member.room]).toEqual([0, 0, room]);
    host.isConnected = true;
    member.hostConnected();
    expect([room.listening, asked.length]).toEqual([1, 1]);
  });

  it('sees that it was left, meanwhile too', async () => {
    const room = aRoom();
    member.use(room);
    await room.leave();
    expect(member.standing).toEqual({ kind: 'left', room, own: false, reason: 'left' });
    const other = aRoom();
    await other.leave();
    member.use(other);
    expect(member.standing.kind).toBe('left');
  });

  it('goes back to its token when it is taken away', () => {
    member.with('one', '');
    member.use(aRoom());
    member.use(undefined);
    expect([member.standing.kind, asked.length]).toEqual(['joining', 2]);
  });
});
