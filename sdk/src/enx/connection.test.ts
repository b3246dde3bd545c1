import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeRoom, person } from './fake-core.js';
import { file, Scene, settle } from './scene.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('connect', () => {
  it('tells room-connected, then the callback', async () => {
    const scene = new Scene();
    await scene.connect({}, scene.callback('callback'));
    expect(scene.seen.map(({ what }) => what)).toEqual(['room-connected', 'callback']);
    const ana = scene.room.me;
    expect(scene.told('room-connected')).toEqual([
      {
        type: 'room-connected',
        streams: [],
        users: [...scene.room.userList.values()],
        room: {
          room_id: 'rm_1',
          name: 'Physics 101',
          settings: { mode: 'group' },
          data: { course: 7 },
          limits: { fileSize: 1000 },
        },
        me: ana,
      },
    ]);
    expect(scene.told('callback')).toMatchObject([{ result: 0, me: ana }]);
  });

  it('goes through the states 0, 1, 2, 1, 2, 0', async () => {
    const scene = new Scene();
    const states = [scene.room.state];
    const note = () => void states.push(scene.room.state);
    const connecting = scene.connect();
    note();
    await connecting;
    note();
    scene.core.turn({ kind: 'reconnecting' });
    note();
    scene.core.turn({ kind: 'connected' });
    note();
    scene.room.disconnect();
    note();
    expect(states).toEqual([0, 1, 2, 1, 2, 0]);
  });

  it.each([
    ['nothing', [], true],
    ['a callback', [() => {}], true],
    ['{}', [{}], true],
    ['allow_reconnect true', [{ allow_reconnect: true }, () => {}], true],
    ['allow_reconnect false', [{ allow_reconnect: false }, () => {}], false],
    ['null', [null, () => {}], true],
  ])('takes %s', async (_what, args, enabled) => {
    const scene = await new Scene().connect(...args);
    expect(scene.door.calls).toMatchObject([{ token: 'a-token', options: { reconnect: { enabled } } }]);
    expect(scene.room.state).toBe(2);
  });

  it('joins once however often it is called, and answers every callback', async () => {
    const scene = new Scene();
    scene.room.connect(scene.callback('first'));
    await scene.connect(scene.callback('second'));
    scene.room.connect(scene.callback('third'));
    await settle();
    expect(scene.door.calls).toHaveLength(1);
    expect(scene.take()).toEqual(['room-connected', 'first', 'second', 'third']);
  });

  it.each([
    ['unauthenticated', 401],
    ['token-expired', 401],
    ['forbidden', 403],
    ['room-not-found', 404],
    ['room-ended', 410],
    ['room-full', 429],
    ['network', 503],
    ['strange', 500],
  ])('that fails by %s is room-error %i', async (code, error) => {
    const scene = new Scene();
    scene.room.connect({}, scene.callback('callback'));
    scene.door.refuse({ code, message: 'no' });
    await settle();
    expect(scene.told('room-error')).toEqual([{ type: 'room-error', error, message: 'no' }]);
    expect(scene.told('callback')).toEqual([{ result: error, error: 'no', desc: 'no' }]);
    expect(scene.take()).toEqual(['room-error', 'callback']);
    expect(scene.room.state).toBe(0);
  });

  it('can be tried again after it failed', async () => {
    const scene = new Scene();
    scene.room.connect();
    scene.door.refuse({ code: 'network', message: 'no' });
    await settle();
    await scene.connect();
    expect(scene.take()).toEqual(['room-error', 'room-connected']);
  });

  it('tells at once of a room that was lost before we listened', async () => {
    const scene = new Scene();
    scene.core.state = { kind: 'left', reason: 'dropped' };
    await scene.connect();
    expect(scene.take()).toEqual(['room-connected', 'room-disconnected']);
    expect(scene.room.state).toBe(0);
  });
});

describe('disconnect', () => {
  it('comes after the ends of the transfers that ended with the room', async () => {
    const scene = await new Scene().connect();
    scene.room.sendFiles([file('a')]);
    await settle();
    scene.take();
    scene.upload(0).stop('room');
    scene.core.turn({ kind: 'left', reason: 'dropped' });
    expect(scene.room.state).toBe(0);
    await settle();
    expect(scene.take()).toEqual(['upload-failed', 'room-disconnected']);
  });

  it('leaves once and tells the normal cause', async () => {
    const scene = await new Scene().connect();
    scene.take();
    scene.room.disconnect();
    scene.room.disconnect();
    await settle();
    expect(scene.core.left).toBe(1);
    expect(scene.told('room-disconnected')).toEqual([
      {
        type: 'room-disconnected',
        message: { cause: { cause: 2006, msg: 'normal-disconnect' } },
        reason: 'left',
      },
    ]);
  });

  it('is told also when the server does not hear it', async () => {
    const scene = await new Scene().connect();
    scene.core.fault = { code: 'network', message: 'gone' };
    scene.take();
    scene.room.disconnect();
    await settle();
    expect(scene.take()).toEqual(['room-disconnected']);
  });

  it('while connecting gives up, and leaves the room that was reached all the same', async () => {
    const scene = new Scene();
    scene.room.connect({}, scene.callback('callback'));
    scene.room.disconnect();
    await settle();
    expect(scene.door.calls[0]?.options.signal.aborted).toBe(true);
    expect(scene.take()).toEqual(['room-disconnected', 'callback']);
    scene.door.admit(scene.core);
    await settle();
    expect(scene.core.left).toBe(1);
    expect(scene.take()).toEqual([]);
  });

  it('does nothing on a room that is not connected', async () => {
    const scene = new Scene();
    scene.room.disconnect(scene.callback('callback'));
    await settle();
    expect(scene.take()).toEqual(['callback']);
  });

  it.each([
    ['dropped', 2001, 'disconnected-by-moderator'],
    ['replaced', 2002, 'unexpected-disconnect'],
    ['room-ended', 2002, 'unexpected-disconnect'],
    ['unauthenticated', 2002, 'unexpected-disconnect'],
  ])('by the server as %s has the cause %i', async (reason, cause, msg) => {
    const scene = await new Scene().connect();
    scene.take();
    scene.core.turn({ kind: 'left', reason });
    await settle();
    expect(scene.seen).toEqual([
      { what: 'room-disconnected', told: { type: 'room-disconnected', message: { cause: { cause, msg } }, reason } },
    ]);
  });

  it('is over before a connect() that follows at once joins again', async () => {
    const scene = await new Scene().connect();
    scene.take();
    scene.room.disconnect();
    scene.room.connect();
    expect(scene.door.calls).toHaveLength(1);
    await settle();
    expect(scene.door.calls).toHaveLength(2);
    scene.door.admit(new FakeRoom(person('pt_me', 'Ana')));
    await settle();
    expect(scene.take()).toEqual(['room-disconnected', 'room-connected']);
  });

  it('lets the same room object connect again, with the same listeners', async () => {
    const scene = await new Scene().connect();
    scene.room.disconnect();
    await settle();
    scene.take();
    scene.room.connect();
    scene.door.admit(new FakeRoom(person('pt_me', 'Ana')));
    await settle();
    expect(scene.take()).toEqual(['room-connected']);
    scene.core.turn({ kind: 'left', reason: 'dropped' });
    await settle();
    expect(scene.take()).toEqual([]);
  });
});

describe('the network', () => {
  it('lost and found: 1163, reconnecting, 1164, and the same clientId', async () => {
    const scene = await new Scene().connect();
    const { clientId } = scene.room;
    scene.take();
    scene.core.turn({ kind: 'reconnecting' });
    scene.core.turn({ kind: 'reconnecting' });
    scene.core.turn({ kind: 'connected' });
    expect(scene.seen.map(({ told }) => [told.type, told.error])).toEqual([
      ['network-disconnected', 1163],
      ['network-reconnecting', undefined],
      ['network-reconnected', 1164],
    ]);
    expect(scene.room.clientId).toBe(clientId);
  });

  it('lost for longer than attempts times interval: 1165, and the room is left', async () => {
    const scene = await new Scene().connect({ number_of_attempts: 2, timeout_interval: 500 });
    scene.core.turn({ kind: 'reconnecting' });
    scene.core.fault = { code: 'network', message: 'gone' };
    scene.take();
    await vi.advanceTimersByTimeAsync(999);
    expect(scene.take()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(scene.told('network-reconnect-timeout')).toMatchObject([{ error: 1165 }]);
    expect(scene.told('room-disconnected')).toMatchObject([{ message: { cause: { cause: 2002 } } }]);
    expect(scene.take()).toEqual(['network-reconnect-timeout', 'room-disconnected']);
    expect(scene.room.state).toBe(0);
    scene.core.turn({ kind: 'connected' });
    expect(scene.take()).toEqual([]);
  });

  it('found in time stops the clock', async () => {
    const scene = await new Scene().connect({ timeout_interval: 100 });
    scene.core.turn({ kind: 'reconnecting' });
    await vi.advanceTimersByTimeAsync(299);
    scene.core.turn({ kind: 'connected' });
    scene.take();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(scene.take()).toEqual([]);
  });

  it('lost while leaving tells the leaving alone', async () => {
    const scene = await new Scene().connect({ timeout_interval: 100 });
    scene.core.turn({ kind: 'reconnecting' });
    scene.take();
    scene.room.disconnect();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(scene.take()).toEqual(['room-disconnected']);
  });

  it.each([
    ['connection-lost', 1166],
    ['room-full', 429],
    ['unauthenticated', 401],
  ])('lost for good by %s: network-reconnect-failed %i', async (reason, error) => {
    const scene = await new Scene().connect();
    scene.core.turn({ kind: 'reconnecting' });
    scene.take();
    scene.core.turn({ kind: 'left', reason });
    await settle();
    expect(scene.told('network-reconnect-failed')).toMatchObject([{ error, message: reason }]);
    expect(scene.take()).toEqual(['network-reconnect-failed', 'room-disconnected']);
  });

  it.each([
    ['at once', []],
    ['after it says that it is lost', [{ kind: 'reconnecting' as const }]],
  ])('lost where coming back is not allowed, %s: 1163 and 2002', async (_when, before) => {
    const scene = await new Scene().connect({ allow_reconnect: false });
    scene.take();
    for (const state of before) scene.core.turn(state);
    scene.core.turn({ kind: 'left', reason: 'connection-lost' });
    await settle();
    expect(scene.told('room-disconnected')).toMatchObject([{ message: { cause: { cause: 2002 } } }]);
    expect(scene.take()).toEqual(['network-disconnected', 'room-disconnected']);
  });
});
