import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeRoom, person, share } from './fake-core.js';
import { Scene, settle } from './scene.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('availableFiles', () => {
  it('has the item of the contract and more', async () => {
    const scene = new Scene();
    scene.core.add(share({ id: 'sh_0', to: ['pt_me'] }));
    await scene.connect();
    expect(scene.room.availableFiles).toEqual([
      {
        name: 'DP1.pdf',
        size: 191002,
        index: 0,
        type: 'application/pdf',
        sender: 'Bo',
        senderId: 'pt_bo',
        broadcast: false,
        createdAt: 1000,
        expiresAt: 2000,
        shareId: 'sh_0',
        status: 'available',
      },
    ]);
  });

  it('only grows: index is the place for good, an ended file stays, marked', async () => {
    const scene = await new Scene().connect();
    const files = [0, 1, 2].map((n) => scene.core.add(share({ id: `sh_${n}` })));
    const before = scene.room.availableFiles;
    scene.core.change(files[0] as never, 'revoked');
    scene.core.change(files[1] as never, 'expired');
    scene.core.add(share({ id: 'sh_3' }));
    const { availableFiles } = scene.room;
    expect(availableFiles).toBe(before);
    expect(availableFiles.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(availableFiles.map(({ status }) => status)).toEqual(['revoked', 'expired', 'available', 'available']);
  });

  it('does not have a sender’s own files, nor what is for others or not there yet', async () => {
    const scene = await new Scene().connect();
    scene.core.add(share({ id: 'sh_0', mine: true }));
    scene.core.add(share({ id: 'sh_1', to: ['pt_cy'] }));
    scene.core.add(share({ id: 'sh_3', state: 'cancelled' }));
    const uploading = scene.core.add(share({ id: 'sh_2', state: 'uploading' }));
    expect(scene.room.availableFiles).toEqual([]);
    scene.core.change(uploading, 'available');
    expect(scene.room.availableFiles).toMatchObject([{ index: 0, shareId: 'sh_2' }]);
  });

  it('survives what an application does to the array', async () => {
    const scene = await new Scene().connect();
    const first = scene.core.add(share({ id: 'sh_0', room: scene.core }));
    scene.room.availableFiles.length = 0;
    scene.core.add(share({ id: 'sh_1' }));
    scene.room.recvFiles(0);
    await settle();
    expect(first.downloads).toHaveLength(1);
    expect(scene.told('download-available').map(({ jobId }) => jobId)).toEqual(['0', '1']);
  });
});

describe('download-available', () => {
  it('carries the index as jobId, and the item', async () => {
    const scene = await new Scene().connect();
    scene.take();
    scene.core.add(share({ id: 'sh_0' }));
    expect(scene.told('download-available')).toEqual([
      {
        messageType: 'download-available',
        result: 0,
        description: 'file-available',
        jobId: '0',
        response: { downloadStatus: 'available', jobId: '0', downloadInfo: scene.room.availableFiles[0] },
      },
    ]);
  });

  it('comes to a late joiner after room-connected, once for each file, the array filled before', async () => {
    const scene = new Scene();
    for (const n of [0, 1]) scene.core.add(share({ id: `sh_${n}` }));
    const sizes: number[] = [];
    scene.room.on('room-connected', () => void sizes.push(scene.room.availableFiles.length));
    scene.room.on('fs-download-result', () => void sizes.push(scene.room.availableFiles.length));
    await scene.connect(() => void sizes.push(scene.room.availableFiles.length));
    expect(scene.take()).toEqual(['room-connected', 'download-available', 'download-available']);
    expect(sizes).toEqual([0, 2, 2, 2]);
  });

  it('waits for listeners that are added a moment after the callback', async () => {
    const scene = new Scene();
    scene.core.add(share({ id: 'sh_0' }));
    const heard: unknown[] = [];
    const joined = new Promise<void>((resolve) => scene.room.connect({}, () => resolve()));
    scene.door.admit(scene.core);
    await joined;
    scene.room.on('fs-download-result', ({ message }) => void heard.push(message));
    await settle();
    expect(heard).toHaveLength(1);
  });

  it('keeps the order when a file comes before the late joiner’s are told', async () => {
    const scene = new Scene();
    scene.core.add(share({ id: 'sh_0' }));
    scene.room.on('room-connected', () => queueMicrotask(() => scene.core.add(share({ id: 'sh_1' }))));
    await scene.connect();
    expect(scene.told('download-available').map(({ jobId }) => jobId)).toEqual(['0', '1']);
  });

  it('tells after a reconnect only what is new', async () => {
    const scene = new Scene();
    const old = scene.core.add(share({ id: 'sh_0' }));
    await scene.connect();
    scene.core.turn({ kind: 'reconnecting' });
    scene.core.turn({ kind: 'connected' });
    scene.take();
    scene.core.change(old, 'available');
    scene.core.add(share({ id: 'sh_1' }));
    expect(scene.told('download-available').map(({ jobId }) => jobId)).toEqual(['1']);
  });

  it('goes on counting when the same room object connects again', async () => {
    const scene = new Scene();
    scene.core.add(share({ id: 'sh_0' }));
    await scene.connect();
    scene.room.disconnect();
    await settle();
    scene.take();
    const next = new FakeRoom(person('pt_me', 'Ana'));
    for (const id of ['sh_0', 'sh_1']) next.add(share({ id, room: next }));
    scene.room.connect();
    scene.door.admit(next);
    await settle();
    expect(scene.told('download-available').map(({ jobId }) => jobId)).toEqual(['1']);
    expect(scene.room.availableFiles.map(({ shareId }) => shareId)).toEqual(['sh_0', 'sh_1']);
    scene.room.recvFiles(0);
    await settle();
    expect(next.files.get('sh_0')?.downloads).toHaveLength(1);
  });
});
