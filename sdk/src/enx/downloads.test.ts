import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeFile, share } from './fake-core.js';
import { Scene, settle } from './scene.js';

let scene: Scene;
let file: FakeFile;

beforeEach(async () => {
  vi.useFakeTimers();
  scene = new Scene();
  file = scene.core.add(share({ id: 'sh_0', name: 'ks (4).txt', size: 168, type: 'text/plain', room: scene.core }));
  await scene.connect();
  scene.take();
});
afterEach(() => void vi.useRealTimers());

const info = {
  name: 'ks (4).txt',
  size: 168,
  index: 0,
  type: 'text/plain',
  sender: 'Bo',
  senderId: 'pt_bo',
  broadcast: true,
  createdAt: 1000,
  expiresAt: 2000,
  shareId: 'sh_0',
  status: 'available',
};

describe('the order of recvFiles', () => {
  it('returns, started, completed, callback, each once', async () => {
    scene.room.recvFiles(0, {}, scene.callback('callback'));
    scene.seen.push({ what: 'returned', told: {} });
    await settle();
    expect(scene.take()).toEqual(['returned', 'download-started']);
    file.latest.complete();
    await settle();
    expect(scene.take()).toEqual(['download-completed', 'callback']);
  });

  it('joins a running download: one transfer, one set of events, both callbacks', async () => {
    scene.room.recvFiles(0, {}, scene.callback('first'));
    await settle();
    scene.room.recvFiles('0', {}, scene.callback('second'));
    await settle();
    file.latest.complete();
    await settle();
    expect(scene.take()).toEqual(['download-started', 'download-completed', 'first', 'second']);
    expect(file.downloads).toHaveLength(1);
    expect(file.saves).toBe(1);
  });

  it('downloads again after the end', async () => {
    for (let n = 1; n <= 2; n++) {
      scene.room.recvFiles(0);
      await settle();
      file.latest.complete();
      await settle();
      expect(scene.take()).toEqual(['download-started', 'download-completed']);
    }
    expect(file.downloads).toHaveLength(2);
  });

  it('runs several indexes at once, as a loop over availableFiles asks for', async () => {
    const second = scene.core.add(share({ id: 'sh_1', name: 'b', room: scene.core }));
    scene.take();
    for (const { index } of scene.room.availableFiles) scene.room.recvFiles(index, {}, scene.callback(`of ${index}`));
    await settle();
    second.latest.complete();
    await settle();
    file.latest.complete();
    await settle();
    expect(scene.take()).toEqual([
      'download-started',
      'download-started',
      'download-completed',
      'of 1',
      'download-completed',
      'of 0',
    ]);
  });

  it('keeps running downloads over a reconnect', async () => {
    scene.room.recvFiles(0);
    await settle();
    scene.core.turn({ kind: 'reconnecting' });
    scene.core.turn({ kind: 'connected' });
    scene.take();
    file.latest.complete();
    await settle();
    expect(scene.take()).toEqual(['download-completed']);
  });
});

describe('recvFiles of a file that is still being sent', () => {
  let arriving: FakeFile;

  beforeEach(() => {
    arriving = scene.core.add(share({ id: 'sh_1', name: 'b', state: 'uploading', room: scene.core }));
    scene.take();
  });

  it('takes its share id, which names the job to its end', async () => {
    scene.room.recvFiles('sh_1', {}, scene.callback('callback'));
    await settle();
    scene.core.change(arriving, 'available');
    arriving.latest.complete();
    await settle();
    for (const message of scene.told('download-started').concat(scene.told('download-completed'))) {
      expect(message).toMatchObject({ jobId: 'sh_1', response: { jobId: 'sh_1', downloadInfo: { shareId: 'sh_1' } } });
    }
    expect(scene.told('callback')).toMatchObject([{ response: { jobId: 'sh_1', shareId: 'sh_1', name: 'b' } }]);
    expect(scene.take()).toEqual(['download-started', 'download-available', 'download-completed', 'callback']);
  });

  it('is joined, and cancelled, by the index that it gets', async () => {
    scene.room.recvFiles('sh_1', {}, scene.callback('first'));
    await settle();
    scene.core.change(arriving, 'available');
    scene.room.recvFiles(1, {}, scene.callback('second'));
    await settle();
    expect(arriving.downloads).toHaveLength(1);
    scene.room.cancelDownloads(1, false, scene.callback('cancelled'));
    await settle();
    expect(scene.take()).toEqual([
      'download-started',
      'download-available',
      'download-failed',
      'first',
      'second',
      'cancelled',
    ]);
  });

  it('refuses what is for others, and what has ended', async () => {
    const others = scene.core.add(share({ id: 'sh_2', state: 'uploading', to: ['pt_cy'], room: scene.core }));
    scene.core.change(arriving, 'cancelled');
    scene.take();
    scene.room.recvFiles('sh_1', {}, scene.callback('ended'));
    scene.room.recvFiles(others.id, {}, scene.callback('for others'));
    await settle();
    expect(scene.told('ended')).toMatchObject([{ result: 1181 }]);
    expect(scene.told('for others')).toMatchObject([{ result: 1181 }]);
  });
});

describe('the payloads of recvFiles', () => {
  it('started, completed and the callback', async () => {
    scene.room.recvFiles(0, {}, scene.callback('callback'));
    await settle();
    file.latest.complete();
    await settle();
    const told = (status: string) => ({
      messageType: `download-${status}`,
      result: 0,
      description: `download-${status}`,
      jobId: '0',
      response: { downloadStatus: status, jobId: '0', downloadInfo: info },
    });
    expect(scene.told('download-started')).toEqual([told('started')]);
    expect(scene.told('download-completed')).toEqual([told('completed')]);
    expect(scene.told('callback')).toEqual([
      {
        messageType: 'download-success',
        result: 0,
        description: 'download-success',
        response: {
          downloadStatus: 'success',
          name: 'ks (4).txt',
          type: 'text/plain',
          size: 168,
          index: 0,
          jobId: '0',
          shareId: 'sh_0',
          sha256: 'abc',
        },
      },
    ]);
  });

  it('download-failed has 1183, not the 0 of the contract’s sample', async () => {
    scene.room.recvFiles(0, {}, scene.callback('callback'));
    await settle();
    file.latest.fail({ code: 'hash-mismatch', message: 'other bytes came' });
    await settle();
    expect(scene.told('download-failed')).toEqual([
      {
        messageType: 'download-failed',
        result: 1183,
        description: 'download-failed',
        desc: 'file download failed: other bytes came',
        jobId: '0',
        response: { downloadStatus: 'failed', jobId: '0', downloadInfo: info },
      },
    ]);
    expect(scene.told('callback')).toMatchObject([
      { result: 1183, error: 'file download failed', desc: 'file download failed: other bytes came', jobId: '0' },
    ]);
  });

  it.each([
    ['me', 'file download was cancelled'],
    ['sender', 'file download was cancelled: the file was withdrawn by its sender'],
    ['room', 'file download was cancelled: the room was left, or no longer has the file'],
  ] as const)('cancelled by %s', async (by, desc) => {
    scene.room.recvFiles(0, {}, scene.callback('callback'));
    await settle();
    file.latest.stop(by);
    await settle();
    expect(scene.told('download-failed')).toMatchObject([
      { result: 1183, desc, response: { downloadStatus: 'cancelled', jobId: '0' } },
    ]);
    expect(scene.told('callback')).toMatchObject([{ result: 1183, desc }]);
  });

  it('download-progress at most five times a second', async () => {
    scene.room.recvFiles(0);
    await settle();
    for (let ms = 0; ms < 1000; ms += 10) {
      file.latest.move(1 + ms / 10);
      vi.advanceTimersByTime(10);
    }
    const told = scene.told('download-progress');
    expect(told).toHaveLength(5);
    expect(told[0]).toMatchObject({
      messageType: 'download-progress',
      response: { jobId: '0', downloadInfo: { index: 0, transferred: 1, size: 168, rate: 100, eta: 1.67 } },
    });
  });
});

describe('isMobile', () => {
  it('true saves nothing and gives the file as response.blob', async () => {
    scene.room.recvFiles(0, { isMobile: true }, scene.callback('callback'));
    await settle();
    file.latest.complete('the bytes');
    await settle();
    expect(file.saves).toBe(0);
    const response = scene.told('callback')[0]?.response as { blob: Blob } | undefined;
    expect(await response?.blob.text()).toBe('the bytes');
  });

  it.each([[undefined], [null], [{}], [{ isMobile: false }]])('%j saves, and gives no blob', async (options) => {
    scene.room.recvFiles(0, options, scene.callback('callback'));
    await settle();
    file.latest.complete();
    await settle();
    expect(file.saves).toBe(1);
    expect(scene.told('callback')[0]?.response).not.toHaveProperty('blob');
  });

  it('each caller of one transfer gets what it asked for; the file is saved once', async () => {
    scene.room.recvFiles(0, { isMobile: true }, scene.callback('blob'));
    scene.room.recvFiles(0, {}, scene.callback('save'));
    scene.room.recvFiles(0, {}, scene.callback('save'));
    await settle();
    file.latest.complete();
    await settle();
    expect(file.downloads).toHaveLength(1);
    expect(file.saves).toBe(1);
    expect(scene.told('blob')[0]?.response).toHaveProperty('blob');
    for (const { response } of scene.told('save')) expect(response).not.toHaveProperty('blob');
    expect(scene.told('save')).toHaveLength(2);
  });
});

describe('the index of recvFiles', () => {
  it.each([[0], ['0'], [' 0 '], ['sh_0']])('takes %j', async (index) => {
    scene.room.recvFiles(index);
    await settle();
    expect(scene.told('download-started')).toMatchObject([{ jobId: '0' }]);
  });

  it.each([[1], ['7'], [-1], [0.5], ['sh_other']])('%j does not exist: 1181', async (index) => {
    scene.room.recvFiles(index, {}, scene.callback('callback'));
    await settle();
    expect(scene.seen).toMatchObject([
      { what: 'callback', told: { result: 1181, error: 'Receive file operation is not permitted.' } },
    ]);
  });

  it.each([[undefined], [null], [{}], [[0]], [true], ['first'], [''], [Number.NaN]])(
    '%j is no index: 1155',
    async (index) => {
      scene.room.recvFiles(index, {}, scene.callback('callback'));
      await settle();
      expect(scene.seen).toMatchObject([{ what: 'callback', told: { result: 1155 } }]);
    },
  );

  it.each(['revoked', 'expired'] as const)('a file that is %s: 1181', async (state) => {
    scene.core.change(file, state);
    scene.room.recvFiles(0, {}, scene.callback('callback'));
    await settle();
    expect(scene.told('callback')).toMatchObject([{ result: 1181 }]);
  });

  it.each(['share-not-found', 'share-ended', 'forbidden'])('the server says %s: 1181', async (code) => {
    scene.room.recvFiles(0, {}, scene.callback('callback'));
    await settle();
    file.latest.fail({ code, message: 'no' });
    await settle();
    expect(scene.told('download-failed')).toMatchObject([{ result: 1183 }]);
    expect(scene.told('callback')).toMatchObject([{ result: 1181, desc: 'no' }]);
  });

  it('a core that refuses within the call is answered once', async () => {
    file.fault = { code: 'not-connected', message: 'gone' };
    scene.room.recvFiles(0, {}, scene.callback('callback'));
    await settle();
    expect(scene.seen).toMatchObject([{ what: 'callback', told: { result: 1180 } }]);
  });

  it('takes a callback in the place of the options, and does without either', async () => {
    scene.room.recvFiles(0, scene.callback('callback'));
    scene.room.recvFiles(0);
    scene.room.recvFiles(0, {}, []);
    await settle();
    file.latest.complete();
    await settle();
    expect(scene.take()).toEqual(['download-started', 'download-completed', 'callback']);
  });
});

describe('recvFiles on a room that is not connected', () => {
  it.each([[{ kind: 'reconnecting' as const }], [{ kind: 'left' as const, reason: 'left' }]])(
    'is 1180 in %j',
    async (state) => {
      scene.core.turn(state);
      scene.take();
      scene.room.recvFiles(0, {}, scene.callback('callback'));
      await settle();
      expect(scene.told('callback')).toEqual([
        {
          result: 1180,
          error: 'room is disconected',
          desc: 'File sharing is not allowed on disconnected rooms',
        },
      ]);
    },
  );
});

describe('a download that a page before this one has begun', () => {
  it('is told of as any other, and has no callback', async () => {
    const download = file.save();
    await settle();
    download.move(100);
    download.complete();
    await settle();
    expect(scene.take()).toEqual(['download-started', 'download-progress', 'download-completed']);
  });

  it('is told of by its share while the sender still sends it', async () => {
    const arriving = scene.core.add(share({ id: 'sh_1', state: 'uploading', room: scene.core }));
    arriving.download();
    await settle();
    expect(scene.seen.at(-1)?.told).toMatchObject({ jobId: 'sh_1' });
    expect(scene.take()).toEqual(['download-started']);
  });

  it('is joined by recvFiles, and cancelled by its job', async () => {
    file.download();
    await settle();
    scene.room.recvFiles(0, {}, scene.callback('callback'));
    await settle();
    expect(file.saves).toBe(1);
    expect(file.downloads).toHaveLength(1);
    scene.room.cancelDownloads(0);
    await settle();
    expect(scene.take()).toEqual(['download-started', 'download-failed', 'callback']);
  });
});
