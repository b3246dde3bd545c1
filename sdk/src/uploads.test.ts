import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HandoutError } from './errors.js';
import {
  asked,
  begin,
  bytes,
  file,
  page,
  permit,
  push,
  send,
  sendOne,
  sent,
  server,
  times,
  told,
  uploads,
} from './testing/uploads.js';
import type { Upload } from './upload.js';

beforeEach(() => begin());

/** The next offer is made, something happens, and its reply does not come. */
const loseReply = (meanwhile: () => void) => {
  server.beforeReply = (request) => {
    if (request !== 'offer') return;
    server.beforeReply = () => undefined;
    meanwhile();
    throw new HandoutError('network', 'lost');
  };
};
/** The next offers do not come to the server; something happens before each is made again. */
const loseRequests = (...meanwhile: (() => void)[]) => {
  const offer = server.offer.bind(server);
  server.offer = async (request) => {
    const happens = meanwhile.shift();
    if (happens === undefined) return offer(request);
    happens();
    throw new HandoutError('network', 'lost');
  };
};

describe('an upload', () => {
  it('goes from offer to available', async () => {
    const upload = sendOne(file('a.txt'));
    expect(upload.state.kind).toBe('waiting');
    await sent(1);
    bytes.of('sh_1').request.progress(2);
    expect(upload.progress).toMatchObject({ transferred: 2, total: 3 });
    bytes.of('sh_1').succeed();
    const shared = await upload.done;
    expect(shared).toMatchObject({ id: 'sh_1', state: 'available', sha256: 'ab', mine: true });
    expect(upload.file).toBe(shared);
    expect(told.filter((line, i) => line !== told[i - 1])).toEqual([
      'a.txt running',
      'a.txt verifying',
      'a.txt completed',
    ]);
    expect(bytes.of('sh_1').request).toMatchObject({ url: 'http://server/uploads/sh_1', authorization: 'Bearer jwt' });
  });

  it('waits for the record when the last reply comes before it', async () => {
    const upload = sendOne(file('a.txt'));
    await sent(1);
    server.fail('share', 'network', 'internal');
    bytes.of('sh_1').succeed();
    await expect(upload.done).resolves.toMatchObject({ state: 'available' });
  });

  it('is complete when a push says so before the reply', async () => {
    const upload = sendOne(file('a.txt'));
    await sent(1);
    push('sh_1', { state: 'available', sha256: 'ab' });
    await upload.done;
    expect(told.at(-1)).toBe('a.txt completed');
    expect(bytes.of('sh_1').request.signal.aborted).toBe(true);
  });

  it.each([
    ['an empty file', file('a', ''), 'empty-file'],
    ['a file over the limit', file('a', 'x'.repeat(9)), 'file-too-large'],
  ])('refuses %s before the wire, after the caller could listen', async (_, source, code) => {
    permit({ fileSize: 8 });
    const upload = sendOne(source);
    expect(upload.state.kind).toBe('waiting');
    await expect(upload.done).rejects.toMatchObject({ code });
    expect(server.log).toEqual([]);
  });
});

describe('many uploads', () => {
  it('are offered in batches and run three at once', async () => {
    const many = send(times(7));
    await sent(3);
    expect(server.log).toEqual(['offer 1,2,3,4,5', 'offer 6,7']);
    bytes.of('sh_2').succeed();
    await sent(4);
    expect(many.map((upload) => upload.state.kind)).toEqual([
      'running',
      'completed',
      'running',
      'running',
      'waiting',
      'waiting',
      'waiting',
    ]);
  });

  it('are offered in order, to so many people at once as the server allows', async () => {
    const people = ['bo', 'cy', 'di'];
    send(times(3), people); // six receipts in one request
    await sent(3);
    send([file('alone')], [...people, 'ed', 'fay', 'gus', 'hal']); // the server says whether one is too much
    await vi.waitFor(() => expect(asked('offer')).toEqual(['offer 1,2', 'offer 3', 'offer alone']));
  });

  it('keep to the open uploads that the server allows', async () => {
    permit({ openUploads: 2 });
    send(times(3));
    await sent(2);
    expect(server.log).toEqual(['offer 1,2']);
    bytes.of('sh_1').succeed();
    await sent(3);
    expect(asked('offer')).toEqual(['offer 1,2', 'offer 3']);
  });

  it('are offered one by one when they are too much together', async () => {
    server.fail('offer', 'room-full', 'room-full');
    const [a, b] = send(times(2)) as [Upload, Upload];
    await expect(a.done).rejects.toMatchObject({ code: 'room-full' });
    await sent(1);
    expect(b.file?.id).toBe('sh_1');
    expect(server.log).toEqual(['offer 1,2', 'offer 1', 'offer 2']);
  });

  it('wait for their turn when the server counts more than we do', async () => {
    send(file('first'));
    await sent(1);
    server.fail('offer', 'too-many-uploads');
    send(file('second'));
    await vi.waitFor(() => expect(server.log.at(-1)).toBe('offer second'));
    bytes.of('sh_1').succeed();
    await sent(2);
    expect(bytes.of('sh_2').request.blob.size).toBe(3);
  });
});

describe('a lost network', () => {
  it('pauses an upload, which goes on by itself', async () => {
    const upload = sendOne(file('a'));
    for (let i = 1; i <= 20; i++) {
      await sent(i);
      bytes.of('sh_1').fail('network');
    }
    await sent(21);
    expect(told).toContain('a paused');
    expect(upload.state.kind).toBe('running');
    bytes.of('sh_1').succeed();
    await expect(upload.done).resolves.toMatchObject({ id: 'sh_1' });
    expect(asked('offer')).toHaveLength(1);
  });

  it('does not make a share twice when the reply to the offer was lost', async () => {
    loseReply(() => server.fail('offer', 'network', 'unavailable', 'internal'));
    const upload = sendOne(file('a'));
    await sent(1);
    expect(upload.file?.id).toBe('sh_1');
    expect([...server.shares.keys()]).toEqual(['sh_1']);
    expect(asked('offer')).toEqual(Array(5).fill('offer a'));
  });

  it('does not take the share of an earlier file for that of a lost offer', async () => {
    sendOne(file('a'));
    await sent(1);
    server.fail('offer', 'network');
    const second = sendOne(file('a'));
    await sent(2);
    expect(second.file?.id).toBe('sh_2');
  });

  it('takes back what was cancelled while nobody knew whether it was made', async () => {
    const many = send(times(2));
    loseReply(() => many[0]?.cancel());
    await sent(1);
    expect(many.map((upload) => upload.file?.id)).toEqual([undefined, 'sh_2']);
    await vi.waitFor(() => expect(server.shares.get('sh_1')?.state).toBe('cancelled'));
    expect(asked('offer')).toEqual(['offer 1,2', 'offer 2', 'offer 1,2']);
    expect([...server.shares.keys()]).toEqual(['sh_1', 'sh_2']);
  });

  it('takes back all of them when all were cancelled', async () => {
    const many = send(times(2));
    loseReply(() => many.map((upload) => upload.cancel()));
    await vi.waitFor(() =>
      expect([...server.shares.values()].map(({ state }) => state)).toEqual(['cancelled', 'cancelled']),
    );
    expect(asked('offer')).toEqual(['offer 1,2', 'offer ', 'offer 1,2']);
  });

  it('tells nobody of what was cancelled before the server heard of it', async () => {
    const many = send(times(3));
    loseRequests(
      () => many[0]?.cancel(),
      () => many[1]?.cancel(),
    );
    await sent(1);
    expect([...server.shares.values()].map(({ name }) => name)).toEqual(['3']);
    expect(many[2]?.file?.id).toBe('sh_1');
  });

  it('asks for nothing more when all were cancelled before the server heard of them', async () => {
    const many = send(times(2));
    loseRequests(() => many.map((upload) => upload.cancel()));
    sendOne(file('next'));
    await sent(1);
    expect(asked('offer')).toEqual(['offer ', 'offer next']);
    expect([...server.shares.values()].map(({ name }) => name)).toEqual(['next']);
  });

  it('gets another share when the first has ended before anybody knew of it', async () => {
    loseReply(() => server.change('sh_1', { state: 'failed', reason: 'upload-idle' }));
    const upload = sendOne(file('a'));
    await sent(1);
    expect(upload.file?.id).toBe('sh_2');
  });

  it('is not blamed for a file that cannot be read any more', async () => {
    const source = file('a');
    source.slice = () =>
      ({ arrayBuffer: async () => Promise.reject(new DOMException('gone', 'NotFoundError')) }) as never;
    const upload = sendOne(source);
    await sent(1);
    bytes.of('sh_1').fail('network');
    await expect(upload.done).rejects.toMatchObject({ code: 'file-unreadable' });
  });
});

describe('a failure', () => {
  it('that the server repeats ends the upload', async () => {
    const upload = sendOne(file('a'));
    for (let i = 1; i <= 6; i++) {
      await sent(i);
      bytes.of('sh_1').fail('storage-failed');
    }
    await expect(upload.done).rejects.toMatchObject({ code: 'storage-failed' });
    expect(bytes.attempts).toHaveLength(6);
  });

  it('does not count the tries for which there was no network', async () => {
    const upload = sendOne(file('a'));
    for (let i = 1; i <= 9; i++) {
      await sent(i);
      bytes.of('sh_1').fail('network');
    }
    for (let i = 10; i <= 14; i++) {
      await sent(i);
      bytes.of('sh_1').fail('upload-busy');
    }
    await sent(15);
    expect(upload.state.kind).toBe('running');
  });

  it('does not count when bytes have moved since the last one', async () => {
    const upload = sendOne(file('a', 'x'.repeat(100)));
    for (let i = 1; i <= 20; i++) {
      await sent(i);
      bytes.of('sh_1').request.progress(i);
      bytes.of('sh_1').fail('upload-busy');
    }
    await sent(21);
    expect(upload.state.kind).toBe('running');
  });

  it('is what the record says', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    server.change('sh_1', { state: 'failed', reason: 'upload-idle' });
    bytes.of('sh_1').fail('share-ended');
    await expect(upload.done).rejects.toMatchObject({ code: 'upload-idle' });
  });

  it('is retried on the same share, where it was', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    bytes.of('sh_1').fail('forbidden');
    await expect(upload.done).rejects.toMatchObject({ code: 'forbidden' });
    upload.retry();
    upload.retry();
    await sent(2);
    bytes.of('sh_1').succeed();
    await expect(upload.done).resolves.toMatchObject({ id: 'sh_1' });
  });
});

describe('after a reload', () => {
  it('the same file goes on as the share it was', async () => {
    sendOne(file('a'));
    await sent(1);
    page();
    const again = sendOne(file('a'));
    await sent(2);
    expect(again.file?.id).toBe('sh_1');
    bytes.of('sh_1').succeed();
    await again.done;
    sendOne(file('a'));
    await sent(3);
    expect(bytes.attempts.at(-1)?.share).toBe('sh_2');
  });

  it('a twin gets a share of its own', async () => {
    sendOne(file('a'));
    await sent(1);
    page();
    send([file('a'), file('a')]);
    await sent(3);
    expect(bytes.attempts.slice(1).map((attempt) => attempt.share)).toEqual(['sh_1', 'sh_2']);
  });

  it('an upload that has ended meanwhile starts from the beginning', async () => {
    sendOne(file('a'));
    await sent(1);
    server.change('sh_1', { state: 'failed' });
    page();
    sendOne(file('a'));
    await sent(2);
    expect(bytes.attempts[1]?.share).toBe('sh_2');
  });
});

describe('leaving', () => {
  it('cancels what I leave behind', async () => {
    const many = send(times(4));
    await sent(3);
    await uploads.stop('me');
    expect(many.map((upload) => upload.state)).toEqual(Array(4).fill({ kind: 'cancelled', by: 'me' }));
    expect([...server.shares.values()].map((record) => record.state)).toEqual(Array(4).fill('cancelled'));
  });

  it('leaves shares to another page when the room left me', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    await uploads.stop('room');
    expect(upload.state).toEqual({ kind: 'cancelled', by: 'room' });
    expect(server.shares.get('sh_1')?.state).toBe('uploading');
    page();
    sendOne(file('a'));
    await sent(2);
    expect(bytes.attempts[1]?.share).toBe('sh_1');
  });
});
