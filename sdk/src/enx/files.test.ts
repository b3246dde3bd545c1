import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { file, Scene, settle } from './scene.js';

let scene: Scene;

beforeEach(async () => {
  vi.useFakeTimers();
  scene = await new Scene().connect();
  scene.take();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the order of sendFiles', () => {
  it('returns, tells every start, then each end and its callback, in the order they end', async () => {
    scene.room.sendFiles([file('a'), file('b')], {}, scene.callback('callback'));
    scene.seen.push({ what: 'returned', told: {} });
    await settle();
    expect(scene.take()).toEqual(['returned', 'upload-started', 'upload-started']);

    scene.upload(1).complete('sh_b');
    await settle();
    scene.upload(0).complete('sh_a');
    await settle();
    const ends = scene.seen.map(({ what, told }) => [what, told.upJobId]);
    expect(ends).toEqual([
      ['upload-completed', 2],
      ['callback', 2],
      ['upload-completed', 1],
      ['callback', 1],
    ]);
  });

  it('starts no byte before upload-started: the core moves nothing within the call', async () => {
    scene.room.sendFiles([file('a')], {}, undefined);
    scene.upload(0).move(3);
    expect(scene.take()).toEqual([]);
    await settle();
    expect(scene.take()).toEqual(['upload-started']);
  });

  it('tells the start first of an upload that ended within the call', async () => {
    scene.room.sendFiles([file('a')], {}, scene.callback('callback'));
    scene.upload(0).fail({ code: 'internal', message: 'broken' });
    await settle();
    expect(scene.take()).toEqual(['upload-started', 'upload-failed', 'callback']);
  });

  it('numbers jobs 1, 2, 3 over several calls and never again', async () => {
    scene.room.sendFiles([file('a'), file('b')]);
    await settle();
    scene.upload(0).cancel();
    await settle();
    scene.room.sendFiles(file('c'));
    await settle();
    expect(scene.told('upload-started').map(({ upJobId }) => upJobId)).toEqual([1, 2, 3]);
  });
});

describe('the payloads of sendFiles', () => {
  const info = { upJobId: 1, name: 'ks (9).txt', size: 168, type: 'text/plain' };

  beforeEach(async () => {
    scene.room.sendFiles([file('ks (9).txt', 168)], {}, scene.callback('callback'));
    await settle();
  });

  it('upload-started', () => {
    expect(scene.told('upload-started')).toEqual([
      {
        messageType: 'upload-started',
        result: 0,
        description: 'upload started',
        upJobId: 1,
        response: { uploadStatus: 'started', upJobId: 1, uploadInfo: info },
      },
    ]);
  });

  it('upload-completed, and the callback the same', async () => {
    scene.upload(0).complete('sh_9');
    await settle();
    const completed = {
      messageType: 'upload-completed',
      result: 0,
      description: 'upload completed',
      upJobId: 1,
      response: {
        uploadStatus: 'completed',
        upJobId: 1,
        uploadInfo: { ...info, shareId: 'sh_9', sha256: 'abc' },
      },
    };
    expect(scene.told('upload-completed')).toEqual([completed]);
    expect(scene.told('callback')).toEqual([completed]);
  });

  it('upload-failed has 1185 whatever happened, its callback the code of the case', async () => {
    scene.upload(0).fail({ code: 'storage-full', message: 'the disk is full' });
    await settle();
    expect(scene.told('upload-failed')).toEqual([
      {
        messageType: 'upload-failed',
        result: 1185,
        description: 'upload failed',
        desc: 'file upload failed: the disk is full',
        upJobId: 1,
        response: { uploadStatus: 'failed', upJobId: 1, uploadInfo: info },
      },
    ]);
    expect(scene.told('callback')).toMatchObject([
      { result: 1182, error: 'file upload failed', desc: 'file upload failed: the disk is full', upJobId: 1 },
    ]);
  });

  it('a cancelled job fails with the status cancelled, once, and 1182', async () => {
    scene.room.cancelUploads(1, false, scene.callback('cancel'));
    await settle();
    expect(scene.told('upload-failed')).toMatchObject([
      { result: 1185, response: { uploadStatus: 'cancelled', upJobId: 1 } },
    ]);
    expect(scene.told('callback')).toMatchObject([{ result: 1182, desc: 'file upload was cancelled' }]);
    expect(scene.told('cancel')).toMatchObject([{ result: 0 }]);
  });

  it('says of a job that the room took with it why it was cancelled', async () => {
    scene.upload(0).stop('room');
    await settle();
    expect(scene.told('callback')).toMatchObject([
      { result: 1182, desc: 'file upload was cancelled: the room was left, or no longer has the file' },
    ]);
  });

  it('upload-progress at most five times a second, and only when bytes moved', async () => {
    const upload = scene.upload(0);
    scene.take();
    for (let ms = 0; ms < 1000; ms += 10) {
      upload.move(1 + ms / 10);
      vi.advanceTimersByTime(10);
    }
    const told = scene.told('upload-progress');
    expect(told).toHaveLength(5);
    expect(told[0]).toMatchObject({
      messageType: 'upload-progress',
      result: 0,
      response: { upJobId: 1, uploadInfo: { transferred: 1, size: 168, rate: 100, eta: 1.67 } },
    });
    vi.advanceTimersByTime(1000);
    upload.move(81);
    expect(scene.told('upload-progress')).toHaveLength(5);
    upload.complete();
    await settle();
    upload.move(168);
    expect(scene.told('upload-progress')).toHaveLength(5);
  });
});

describe('the files of sendFiles', () => {
  it('takes a FileList, an array of files or blobs, and one file', async () => {
    const a = file('a');
    const list = { 0: a, 1: file('b'), length: 2, item: () => a };
    for (const files of [list, [a, new Blob(['x'])], a, new Set([a])]) scene.room.sendFiles(files);
    await settle();
    expect(scene.told('upload-started')).toHaveLength(6);
  });

  it('copies the list at once: an application clears its input', async () => {
    const files = [file('a'), file('b')];
    scene.room.sendFiles(files, {}, scene.callback('callback'));
    files.length = 0;
    await settle();
    expect(scene.take()).toEqual(['upload-started', 'upload-started']);
  });

  it.each([[[]], [undefined], [null], [{ length: 0 }]])('answers 1185 once for %j', async (files) => {
    scene.room.sendFiles(files, {}, scene.callback('callback'));
    scene.seen.push({ what: 'returned', told: {} });
    await settle();
    expect(scene.seen).toEqual([
      { what: 'returned', told: {} },
      {
        what: 'callback',
        told: { result: 1185, error: 'file upload failed', desc: 'file upload failed because file list is empty' },
      },
    ]);
  });

  it.each([[['a', 'b']], ['a.txt'], [7], [{}]])('answers 1155 for %j', async (files) => {
    scene.room.sendFiles(files, {}, scene.callback('callback'));
    await settle();
    expect(scene.told('callback')).toMatchObject([{ result: 1155, error: 'Invalid options/parameters/values' }]);
    expect(scene.core.sent).toEqual([]);
  });

  it.each([
    ['empty-file', 1186, 'file size is zero bytes'],
    ['file-too-large', 1187, 'file is larger than the limit of 1000 bytes'],
    ['forbidden', 1182, 'file upload failed: no'],
    ['network', 1182, 'file upload failed: no'],
    ['unknown-recipient', 1155, 'no'],
    ['not-connected', 1180, 'File sharing is not allowed on disconnected rooms'],
  ])('answers %s with %i', async (code, result, desc) => {
    scene.room.sendFiles([file('a')], {}, scene.callback('callback'));
    await settle();
    scene.upload(0).fail({ code, message: 'no' });
    await settle();
    expect(scene.told('callback')).toMatchObject([{ result, desc }]);
    expect(scene.told('upload-failed')).toMatchObject([{ result: 1185 }]);
  });

  it('answers once when the core refuses the whole call', async () => {
    scene.core.fault = { code: 'forbidden', message: 'may not send' };
    scene.room.sendFiles([file('a'), file('b')], {}, scene.callback('callback'));
    await settle();
    expect(scene.take()).toEqual(['callback']);
  });
});

describe('the options of sendFiles', () => {
  it.each([
    [undefined],
    [null],
    [{}],
    [[]],
    [{ broadcast: true }],
    [{ isMobile: true }],
    [{ broadcast: true, clientList: ['pt_bo'] }],
    [{ clientList: ['pt_bo'] }],
    [{ broadcast: undefined }],
  ])('%j is for everyone', (options) => {
    scene.room.sendFiles([file('a')], options);
    expect(scene.core.sent.map(({ to }) => to)).toEqual(['room']);
  });

  it('broadcast false is for the people of clientList, each once', () => {
    scene.room.sendFiles([file('a')], { broadcast: false, clientList: ['pt_bo', 'pt_cy', 'pt_bo'] });
    expect(scene.core.sent.map(({ to }) => to)).toEqual([['pt_bo', 'pt_cy']]);
  });

  it.each([
    [{ broadcast: false }],
    [{ broadcast: false, clientList: [] }],
    [{ broadcast: false, clientList: 'pt_bo' }],
    [{ broadcast: false, clientList: { 0: 'pt_bo', length: 1 } }],
    [{ broadcast: false, clientList: [{}] }],
    [{ broadcast: 'yes' }],
    [{ broadcast: null }],
    ['broadcast'],
    [7],
  ])('%j is 1155', async (options) => {
    scene.room.sendFiles([file('a'), file('b')], options, scene.callback('callback'));
    await settle();
    expect(scene.told('callback')).toMatchObject([{ result: 1155 }]);
    expect(scene.core.sent).toEqual([]);
  });

  it('names the unknown clients of clientList', async () => {
    const options = { broadcast: false, clientList: ['pt_bo', 'pt_nobody', 42] };
    scene.room.sendFiles([file('a')], options, scene.callback('callback'));
    await settle();
    const [told] = scene.told('callback');
    expect(told).toMatchObject({ result: 1155 });
    expect(told?.desc).toContain('pt_nobody, 42');
  });

  it('takes a callback in the place of the options', async () => {
    scene.room.sendFiles([file('a')], scene.callback('callback'));
    await settle();
    scene.upload(0).complete();
    await settle();
    expect(scene.take()).toEqual(['upload-started', 'upload-completed', 'callback']);
  });

  it.each([[undefined], [null], [{}], [[]], ['x']])('does not mind %j as a callback', async (callback) => {
    scene.room.sendFiles([file('a')], {}, callback);
    scene.room.sendFiles([], {}, callback);
    await settle();
    scene.upload(0).complete();
    await settle();
    expect(scene.take()).toEqual(['upload-started', 'upload-completed']);
  });

  it('goes on when a callback throws', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    scene.room.sendFiles([file('a'), file('b')], {}, () => {
      throw new Error('of the application');
    });
    await settle();
    scene.upload(0).complete();
    scene.upload(1).complete();
    await settle();
    expect(scene.told('upload-completed')).toHaveLength(2);
  });
});

describe('sendFiles on a room that is not connected', () => {
  const refused = {
    result: 1180,
    error: 'room is disconected',
    desc: 'File sharing is not allowed on disconnected rooms',
  };

  it('is 1180 before connect()', async () => {
    const early = new Scene();
    early.room.sendFiles([file('a'), file('b')], {}, early.callback('callback'));
    await settle();
    expect(early.seen).toEqual([{ what: 'callback', told: refused }]);
  });

  it.each([[{ kind: 'reconnecting' as const }], [{ kind: 'left' as const, reason: 'dropped' }]])(
    'is 1180 in %j',
    async (state) => {
      scene.core.turn(state);
      scene.take();
      scene.room.sendFiles([file('a')], {}, scene.callback('callback'));
      await settle();
      expect(scene.told('callback')).toEqual([refused]);
    },
  );

  it('is 1180 as soon as disconnect() was called', async () => {
    scene.room.disconnect();
    scene.room.sendFiles([file('a')], {}, scene.callback('callback'));
    await settle();
    expect(scene.told('callback')).toEqual([refused]);
  });

  it('keeps running uploads over a reconnect', async () => {
    scene.room.sendFiles([file('a')], {}, scene.callback('callback'));
    await settle();
    scene.core.turn({ kind: 'reconnecting' });
    scene.core.turn({ kind: 'connected' });
    scene.take();
    scene.upload(0).complete();
    await settle();
    expect(scene.take()).toEqual(['upload-completed', 'callback']);
  });
});
