import { afterEach, describe, expect, it, vi } from 'vitest';
import * as EnxRtc from './index.js';

afterEach(() => void vi.useRealTimers());

describe('EnxRtc', () => {
  it('has the names that applications use', () => {
    expect(Object.keys(EnxRtc).sort()).toEqual([
      'EnxRoom',
      'EnxStream',
      'Logger',
      'getDevices',
      'isSupported',
      'joinRoom',
      'listParticipants',
      'version',
    ]);
    expect(EnxRtc.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(() => EnxRtc.Logger.setLogLevel(4)).not.toThrow();
    expect(EnxRtc.isSupported()).toBeTypeOf('boolean');
  });

  it('makes rooms and streams with and without new', () => {
    for (const room of [EnxRtc.EnxRoom({ token: 't' }), new EnxRtc.EnxRoom({ token: 't' })]) {
      expect(room).toBeInstanceOf(EnxRtc.EnxRoom);
      expect(room.state).toBe(0);
    }
    for (const stream of [EnxRtc.EnxStream({}), new EnxRtc.EnxStream()]) {
      expect(stream).toBeInstanceOf(EnxRtc.EnxStream);
      expect(stream.config.audio.deviceId).toBe('');
    }
  });

  it('lists who is in a room, and no devices', async () => {
    vi.useFakeTimers();
    const ana = { clientId: 'pt_a', name: 'Ana', role: 'viewer', user_ref: '', permissions: {} };
    expect(EnxRtc.listParticipants({ userList: new Map([['pt_a', ana]]) })).toEqual([ana]);
    const callback = vi.fn();
    EnxRtc.getDevices(callback);
    EnxRtc.getDevices();
    await vi.advanceTimersByTimeAsync(0);
    expect(callback.mock.calls).toEqual([[{ result: 0, devices: { cam: [], mic: [] } }]]);
  });

  it('tells a token that is none as a room-error, with a stream at once', async () => {
    const answered = new Promise<unknown[]>((resolve) => {
      const stream = EnxRtc.joinRoom('', { server: 'http://127.0.0.1:9' }, (...args: unknown[]) => resolve(args));
      expect(stream.getID()).toBeTypeOf('string');
    });
    expect(await answered).toMatchObject([null, { type: 'room-error', error: 401 }]);
  });
});
