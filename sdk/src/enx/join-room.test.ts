import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeDoor, FakeRoom, share } from './fake-core.js';
import { joinRoomWith } from './join-room.js';
import { settle } from './scene.js';

let door: FakeDoor;

beforeEach(() => {
  vi.useFakeTimers();
  door = new FakeDoor();
});
afterEach(() => void vi.useRealTimers());

describe('joinRoom', () => {
  it('returns a stream at once and answers (success, null)', async () => {
    const callback = vi.fn();
    const stream = joinRoomWith(door.join, 'a-token', { audio: true, video: false, data: true }, callback);
    expect(stream.config.video.deviceId).toBe('');
    expect(callback).not.toHaveBeenCalled();
    door.admit(new FakeRoom());
    await settle();
    expect(callback).toHaveBeenCalledOnce();
    const [success, error] = callback.mock.calls[0] ?? [];
    expect(error).toBeNull();
    expect(success).toMatchObject({ streams: [], roomData: { name: 'Physics 101', room_id: 'rm_1' } });
    expect(success.localStream).toBe(stream);
    expect(success.publishId).toBe(stream.getID());
    expect(success.room.clientId).toBe('pt_me');
    expect(success.room.state).toBe(2);
  });

  it('answers (null, room-error) once when it fails', async () => {
    const callback = vi.fn();
    joinRoomWith(door.join, 'a-token', {}, callback);
    door.refuse({ code: 'unauthenticated', message: 'the token does not verify' });
    await settle();
    expect(callback.mock.calls).toEqual([
      [null, { type: 'room-error', error: 401, message: 'the token does not verify' }],
    ]);
  });

  it('lets listeners added in the callback hear of the files that are there', async () => {
    const core = new FakeRoom();
    core.add(share({ id: 'sh_0' }));
    const heard = vi.fn();
    joinRoomWith(door.join, 'a-token', {}, ({ room }: { room: { on(type: string, call: unknown): void } }) =>
      room.on('fs-download-result', heard),
    );
    door.admit(core);
    await settle();
    expect(heard).toHaveBeenCalledOnce();
  });

  it.each([
    ['options, callback, reconnect', (cb: unknown, re: unknown) => [{}, cb, re]],
    ['null, callback, reconnect', (cb: unknown, re: unknown) => [null, cb, re]],
    ['callback, reconnect', (cb: unknown, re: unknown) => [cb, re]],
  ])('takes %s', async (_form, args) => {
    const callback = vi.fn();
    joinRoomWith(door.join, 'a-token', ...args(callback, { allow_reconnect: false }));
    door.admit(new FakeRoom());
    await settle();
    expect(callback).toHaveBeenCalledOnce();
    expect(door.calls).toMatchObject([{ options: { reconnect: { enabled: false } } }]);
  });

  it('does without a callback, and hands the server on', async () => {
    joinRoomWith(door.join, 'a-token', { server: 'https://files.example' });
    door.admit(new FakeRoom());
    await settle();
    expect(door.calls).toMatchObject([{ token: 'a-token', options: { server: 'https://files.example' } }]);
  });
});
