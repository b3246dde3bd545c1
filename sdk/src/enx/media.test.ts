import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LevelLogger } from './logger.js';
import { MediaRoom } from './media-stubs.js';
import { settle } from './scene.js';
import { EnxStreamObject } from './stream.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('media calls of a room', () => {
  it.each([
    'publish',
    'unpublish',
    'subscribe',
    'unsubscribe',
    'startScreenShare',
    'stopScreenShare',
    'lock',
    'unlock',
    'startRecord',
    'stopRecord',
    'mute',
    'unmute',
    'hardMute',
    'hardUnmute',
    'setTalkerCount',
    'dropUser',
  ] as const)('%s answers 1171 and never throws', async (method) => {
    const room = new MediaRoom();
    const callback = vi.fn();
    for (const args of [[], [undefined, null], [{}, {}, callback]]) expect(() => room[method](...args)).not.toThrow();
    expect(callback).not.toHaveBeenCalled();
    await settle();
    expect(callback.mock.calls).toEqual([
      [{ result: 1171, error: 'media is not available', desc: 'media is not served by this server' }],
    ]);
  });

  it('works also when it is taken off the room', async () => {
    const { publish } = new MediaRoom();
    const callback = vi.fn();
    publish({}, callback);
    await settle();
    expect(callback).toHaveBeenCalledOnce();
  });

  it('has no streams, and nobody waits', () => {
    const room = new MediaRoom();
    const visit = vi.fn();
    for (const streams of [room.remoteStreams, room.localStreams]) {
      expect(streams.get('x')).toBeUndefined();
      expect(streams.getAll()).toEqual([]);
      streams.forEach(visit);
    }
    expect(visit).not.toHaveBeenCalled();
    expect(room.awaitedParticipants).toEqual(new Map());
    expect(room.waitRoom).toBe(false);
  });
});

describe('a stream', () => {
  it.each([[undefined], [{}], [{ audio: true, video: true }], [{ audio: false, video: null }]])(
    'made of %j has devices to read',
    (spec) => {
      const { config } = new EnxStreamObject(spec);
      expect([config.audio.deviceId, config.video.deviceId]).toEqual(['', '']);
    },
  );

  it('keeps what it was made of', () => {
    const { config } = new EnxStreamObject({ video: { deviceId: 'cam-1' }, name: 'Ana' });
    expect(config).toEqual({ name: 'Ana', audio: { deviceId: '' }, video: { deviceId: 'cam-1' } });
  });

  it.each([
    'play',
    'stop',
    'muteAudio',
    'unmuteAudio',
    'muteVideo',
    'unmuteVideo',
    'switchCamera',
    'switchMicrophone',
  ] as const)('%s does nothing and answers', async (method) => {
    const stream = new EnxStreamObject();
    const callback = vi.fn();
    expect(() => stream[method]()).not.toThrow();
    stream[method]('a-place', {}, callback);
    await settle();
    expect(callback).toHaveBeenCalledOnce();
    expect(callback.mock.calls[0]?.[0]).toMatchObject({ result: 0 });
  });

  it('has an id of its own, and no media', () => {
    const [a, b] = [new EnxStreamObject(), new EnxStreamObject()];
    expect(a.getID()).not.toBe(b.getID());
    expect([a.hasAudio(), a.hasVideo(), a.hasScreen(), a.ifScreen()]).toEqual([false, false, false, false]);
    expect(a.getAttributes()).toBeUndefined();
  });

  it('lets an application that waits for its devices go on', async () => {
    const stream = new EnxStreamObject();
    const allowed = vi.fn();
    stream.addEventListener('media-access-allowed', allowed);
    stream.init();
    await settle();
    expect(allowed).toHaveBeenCalledOnce();
  });
});

describe('the log level', () => {
  it.each([
    [0, 1],
    [4, 1],
    [5, 0],
  ])('%i writes %i errors', (level, written) => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const logger = new LevelLogger();
    logger.setLogLevel(level);
    for (const odd of [-1, 6, 'x', undefined]) logger.setLogLevel(odd as number);
    logger.error('broken', new Error('x'));
    expect(error).toHaveBeenCalledTimes(written);
  });
});
