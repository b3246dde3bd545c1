import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { callable } from './callable.js';
import { FakeDoor, FakeRoom, person, share } from './fake-core.js';
import { EnxRoomObject } from './room.js';
import { Scene, settle } from './scene.js';

let scene: Scene;

beforeEach(async () => {
  vi.useFakeTimers();
  scene = await new Scene().connect();
  scene.take();
});
afterEach(() => void vi.useRealTimers());

describe('the properties of a room', () => {
  it('are there before connect(), and empty', () => {
    const { room } = new Scene();
    expect([room.clientId, room.me, room.roomID, room.state, room.availableFiles]).toEqual([
      undefined,
      undefined,
      undefined,
      0,
      [],
    ]);
    expect(room.userList).toEqual(new Map());
    expect(room.isModerator()).toBe(false);
  });

  it('say who and where one is', async () => {
    const { room } = scene;
    const me = {
      clientId: 'pt_me',
      name: 'Ana',
      role: 'moderator',
      user_ref: 'ref-pt_me',
      permissions: { send: true, receive: true, sendToAll: false, moderate: false },
    };
    const answered = vi.fn();
    expect(room.me).toEqual(me);
    expect([room.clientId, room.clientID, room.roomID]).toEqual(['pt_me', 'pt_me', 'rm_1']);
    expect(room.roomSettings).toEqual({ mode: 'group' });
    expect(room.whoAmI(answered)).toEqual(me);
    expect(() => room.whoAmI()).not.toThrow();
    await settle();
    expect(answered).toHaveBeenCalledWith(me);
    expect(room.isModerator()).toBe(true);
  });

  it('list everyone by clientId, oneself included', () => {
    expect([...scene.room.userList.keys()]).toEqual(['pt_me', 'pt_bo', 'pt_cy']);
    expect(scene.room.userList.get('pt_bo')).toEqual({
      clientId: 'pt_bo',
      name: 'Bo',
      role: 'participant',
      user_ref: 'ref-pt_bo',
      permissions: { send: true, receive: true, sendToAll: false, moderate: false },
    });
  });

  it('need no spec to be made', () => {
    expect(() => new EnxRoomObject(new FakeDoor().join, undefined)).not.toThrow();
  });

  it('hand the spec’s server to the core', () => {
    const door = new FakeDoor();
    new EnxRoomObject(door.join, { token: 't', server: 'https://files.example' }).connect();
    expect(door.calls).toMatchObject([{ token: 't', options: { server: 'https://files.example' } }]);
  });
});

describe('people', () => {
  it('who come are told once, and listed', () => {
    const { userList } = scene.room;
    scene.core.arrive(person('pt_di', 'Di', 'viewer'));
    scene.core.arrive(person('pt_di', 'Di', 'viewer'));
    expect(scene.seen).toMatchObject([
      {
        what: 'user-connected',
        told: { type: 'user-connected', clientId: 'pt_di', name: 'Di', role: 'viewer', permissions: { send: true } },
      },
    ]);
    expect(scene.room.userList).toBe(userList);
    expect(userList.get('pt_di')?.role).toBe('viewer');
  });

  it('who go are told once, and no longer listed', () => {
    scene.core.depart('pt_bo');
    scene.core.emit('participant-left', { participant: person('pt_bo', 'Bo') });
    expect(scene.seen).toMatchObject([
      { what: 'user-disconnected', told: { type: 'user-disconnected', clientId: 'pt_bo', name: 'Bo' } },
    ]);
    expect(scene.room.userList.has('pt_bo')).toBe(false);
  });
});

describe('fs-upload-started', () => {
  it('tells the recipients who sends what', () => {
    const files = [
      share({ id: 'sh_0', name: 'a', size: 1, type: 'text/plain', state: 'uploading' }),
      share({ id: 'sh_1', name: 'b', size: 2, type: '', state: 'uploading' }),
    ];
    scene.core.emit('files-offered', { files });
    expect(scene.seen).toEqual([
      {
        what: 'fs-upload-started',
        told: {
          type: 'fs-upload-started',
          message: {
            sender: 'Bo',
            senderId: 'pt_bo',
            files: [
              { name: 'a', size: 1, type: 'text/plain', shareId: 'sh_0' },
              { name: 'b', size: 2, type: '', shareId: 'sh_1' },
            ],
          },
        },
      },
    ]);
  });

  it('does not tell the sender of its own', () => {
    scene.core.emit('files-offered', { files: [share({ mine: true })] });
    scene.core.emit('files-offered', { files: [] });
    expect(scene.take()).toEqual([]);
  });
});

describe('messages', () => {
  it.each([
    ['sendMessage', 'text', 'hello'],
    ['sendUserData', 'data', { page: 3 }],
  ] as const)('%s to everyone and to some', async (method, kind, body) => {
    scene.room[method](body, true, [], scene.callback('all'));
    scene.room[method](body, false, ['pt_bo'], scene.callback('some'));
    await settle();
    expect(scene.core.messages).toEqual([
      { body, to: 'room', kind },
      { body, to: ['pt_bo'], kind },
    ]);
    expect(scene.seen).toMatchObject([
      { what: 'all', told: { result: 0 } },
      { what: 'some', told: { result: 0 } },
    ]);
  });

  it('to nobody or to strangers are 1155', async () => {
    scene.room.sendMessage('x', false, [], scene.callback('nobody'));
    scene.room.sendMessage('x', false, ['pt_zz'], scene.callback('stranger'));
    await settle();
    expect(scene.seen).toMatchObject([{ told: { result: 1155 } }, { told: { result: 1155 } }]);
    expect(scene.told('stranger')[0]?.desc).toContain('pt_zz');
    expect(scene.core.messages).toEqual([]);
  });

  it('that the server refuses say why, and those of no room are 1180', async () => {
    scene.core.fault = { code: 'request-too-large', message: 'too long', status: 413 };
    scene.room.sendMessage('x', true, [], scene.callback('refused'));
    new Scene().room.sendUserData({}, true, [], scene.callback('no room'));
    await settle();
    expect(scene.told('refused')).toMatchObject([{ result: 413, desc: 'too long' }]);
    expect(scene.told('no room')).toMatchObject([{ result: 1180 }]);
  });

  it('need no callback', async () => {
    scene.room.sendMessage('x', true);
    scene.room.sendMessage('y');
    await settle();
    expect(scene.core.messages).toHaveLength(2);
  });

  it.each([
    ['text', 'message-received', 'hello'],
    ['data', 'user-data-received', { page: 3 }],
  ] as const)('of kind %s arrive as %s, not one’s own', (kind, type, body) => {
    const time = new Date(5000);
    scene.core.emit('message', { kind, sender: { id: 'pt_bo', name: 'Bo' }, to: ['pt_me'], body, time });
    scene.core.emit('message', { kind, sender: { id: 'pt_me', name: 'Ana' }, to: 'room', body, time });
    expect(scene.seen).toEqual([
      {
        what: type,
        told: {
          type,
          message: { broadcast: false, sender: 'Bo', senderId: 'pt_bo', message: body, timestamp: 5000 },
        },
      },
    ]);
  });
});

describe('a callable class', () => {
  class Thing {
    constructor(readonly a: number) {}
  }
  const Made = callable(Thing);

  it('works with and without new, and can be extended', () => {
    class More extends Made {
      readonly more = true;
    }
    for (const made of [Made(1), new Made(1), new More(1)]) {
      expect(made).toBeInstanceOf(Thing);
      expect(made).toBeInstanceOf(Made);
      expect(made.a).toBe(1);
    }
    expect(new More(1).more).toBe(true);
  });
});

describe('a room that is made again', () => {
  it('shows the people of the new room alone', async () => {
    scene.room.disconnect();
    await settle();
    scene.room.connect();
    scene.door.admit(new FakeRoom(person('pt_me', 'Ana')));
    await settle();
    expect([...scene.room.userList.keys()]).toEqual(['pt_me']);
  });
});
