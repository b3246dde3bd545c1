import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HandoutError } from './errors.js';
import {
  asked,
  begin,
  bytes,
  file,
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

describe('a cancel', () => {
  it('before the offer asks nothing of the server', async () => {
    const upload = sendOne(file('a'));
    upload.cancel();
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    expect(upload.state).toEqual({ kind: 'cancelled', by: 'me' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.log).toEqual([]);
  });

  it('during the offer takes the share back', async () => {
    let upload: Upload | undefined;
    server.beforeReply = (request) => (request === 'offer' ? upload?.cancel() : undefined);
    upload = sendOne(file('a'));
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    await vi.waitFor(() => expect(server.shares.get('sh_1')?.state).toBe('cancelled'));
    expect(bytes.attempts).toHaveLength(0);
  });

  it('while bytes move stops them and tells the server', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    upload.cancel();
    upload.cancel();
    expect(bytes.of('sh_1').request.signal.aborted).toBe(true);
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    expect(server.shares.get('sh_1')?.state).toBe('cancelled');
    expect(asked('end')).toHaveLength(1);
    expect(told.filter((line) => line === 'a cancelled')).toHaveLength(1);
  });

  it('loses against a last byte that the server already has', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    server.change('sh_1', { state: 'available', sha256: 'ab' });
    upload.cancel();
    await expect(upload.done).resolves.toMatchObject({ state: 'available' });
    expect(server.log).not.toContain('end sh_1');
  });

  it('is mine also when the last byte came between the question and the answer', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    const end = server.end.bind(server);
    server.end = (id) => {
      server.change(id, { state: 'available' });
      return end(id);
    };
    upload.cancel();
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    expect(server.shares.get('sh_1')?.state).toBe('revoked');
    expect(upload.state).toEqual({ kind: 'cancelled', by: 'me' });
  });

  it('is mine also when a push told of the last byte while the cancel was on its way', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    const end = server.end.bind(server);
    server.end = (id) => {
      push(id, { state: 'available', sha256: 'ab' });
      return end(id);
    };
    upload.cancel();
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    expect(server.shares.get('sh_1')?.state).toBe('revoked');
    expect(upload.state).toEqual({ kind: 'cancelled', by: 'me' });
  });

  it('is mine also when an error of the bytes asked for the record meanwhile', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    const end = server.end.bind(server);
    let open!: () => void;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let asked = 0;
    server.beforeReply = (request) => (request === 'share' && ++asked === 1 ? gate : undefined);
    bytes.of('sh_1').fail('forbidden');
    await vi.waitFor(() => expect(asked).toBe(1));
    server.end = async (id) => {
      server.change(id, { state: 'available', sha256: 'ab' });
      open(); // the first question hears of a complete file
      await new Promise((resolve) => setImmediate(resolve));
      return end(id);
    };
    upload.cancel();
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    expect(server.shares.get('sh_1')?.state).toBe('revoked');
  });

  it('without a network is believed at once and told to the server later', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    server.fail('share', 'network');
    server.fail('end', 'network', 'network');
    upload.cancel();
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    await vi.waitFor(() => expect(server.shares.get('sh_1')?.state).toBe('cancelled'));
  });

  it.each([['internal'], ['unavailable'], ['storage-failed']])(
    'that the server answers with %s is told again, and ends the upload once',
    async (code) => {
      const upload = sendOne(file('a'));
      await sent(1);
      server.fail('end', ...Array(9).fill(code));
      upload.cancel();
      await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
      await vi.waitFor(() => expect(server.shares.get('sh_1')?.state).toBe('cancelled'));
      push('sh_1', {});
      expect(told.filter((line) => line.startsWith('a c'))).toEqual(['a cancelled']);
      expect(upload.state).toEqual({ kind: 'cancelled', by: 'me' });
    },
  );

  it('that the server refuses is not told again', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    server.fail('end', 'internal', 'forbidden');
    upload.cancel();
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    sendOne(file('b'));
    await sent(2);
    expect(asked('end')).toEqual(['end sh_1', 'end sh_1']);
  });

  it('that the server has not heard of is told when I leave', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    const end = server.end.bind(server);
    let down = true;
    server.end = async (id) => {
      if (down) throw new HandoutError('network', 'network');
      return end(id);
    };
    upload.cancel();
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    down = false;
    await uploads.stop('me');
    expect(server.shares.get('sh_1')?.state).toBe('cancelled');
  });

  it('that the server has not heard of is not undone by starting again', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    server.fail('end', 'internal', 'internal', 'internal');
    upload.cancel();
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    upload.retry();
    await sent(2);
    expect(upload.file?.id).toBe('sh_2');
    await vi.waitFor(() => expect(server.shares.get('sh_1')?.state).toBe('cancelled'));
    bytes.of('sh_2').succeed();
    await expect(upload.done).resolves.toMatchObject({ id: 'sh_2' });
  });

  it('by a moderator is not mine', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    push('sh_1', { state: 'cancelled' });
    expect(upload.state).toEqual({ kind: 'cancelled', by: 'room' });
    upload.retry();
    expect(upload.state.kind).toBe('cancelled');
  });

  it('can be taken back: a new share is made', async () => {
    const upload = sendOne(file('a'));
    await sent(1);
    upload.cancel();
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    upload.retry();
    await sent(2);
    bytes.of('sh_2').succeed();
    await expect(upload.done).resolves.toMatchObject({ id: 'sh_2' });
  });

  it('and a retry while the offer waits for the network make one share', async () => {
    const broken = new HandoutError('network', 'network');
    let down = true;
    const offer = server.offer.bind(server);
    server.offer = async (request) => {
      if (down) throw broken;
      return offer(request);
    };
    const upload = sendOne(file('a'));
    await vi.waitFor(() => expect(told).toContain('a paused'));
    upload.cancel();
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    upload.retry();
    down = false;
    await sent(1);
    sendOne(file('b')); // served after whatever the first file still waits for
    await sent(2);
    expect(asked('offer')).toEqual(['offer a', 'offer b']);
    bytes.of('sh_1').succeed();
    await expect(upload.done).resolves.toMatchObject({ id: 'sh_1' });
  });

  it('lets the next upload run', async () => {
    const many = send(times(4));
    await sent(3);
    many[0]?.cancel();
    await sent(4);
    expect(many[3]?.state.kind).toBe('running');
  });
});
