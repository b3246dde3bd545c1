import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HandoutError } from './errors.js';
import { asked, begin, bytes, file, files, send, sendOne, server, times } from './testing/uploads.js';

beforeEach(() => begin(() => ({ create: (creation) => server.create(creation) })));

/** The next creation is made, something happens, and its reply does not come. */
const loseReply = (meanwhile: () => void = () => undefined) => {
  server.beforeReply = (request) => {
    if (request !== 'create') return;
    server.beforeReply = () => undefined;
    meanwhile();
    throw new HandoutError('network', 'lost');
  };
};

describe('a small file', () => {
  it('goes with its offer, in one request', async () => {
    const upload = sendOne(file('a.txt'));
    await expect(upload.done).resolves.toMatchObject({ id: 'sh_1', state: 'available', mine: true });
    expect(upload.progress).toMatchObject({ transferred: 3, total: 3 });
    expect(server.log).toEqual(['create a.txt 3', 'share sh_1']);
    expect(bytes.attempts).toEqual([]);
  });

  it('is not one that is large, nor one for more than a header holds', async () => {
    sendOne(file('large', 'x'.repeat(256 * 1024 + 1)));
    send(
      file('many'),
      Array.from({ length: 51 }, (_, i) => `p${i}`),
    );
    await vi.waitFor(() => expect(asked('offer')).toHaveLength(2), { interval: 1 });
    expect(asked('create')).toEqual([]);
  });

  it('is made once, however many replies are lost', async () => {
    loseReply();
    const upload = sendOne(file('a.txt'));
    await expect(upload.done).resolves.toMatchObject({ id: 'sh_1' });
    expect([asked('create').length, server.shares.size]).toEqual([2, 1]);
  });

  it('goes on as any other when its bytes did not all come', async () => {
    server.takes = 1;
    loseReply();
    const upload = sendOne(file('a.txt'));
    await vi.waitFor(() => expect(bytes.attempts).toHaveLength(1), { interval: 1 });
    bytes.of('sh_1').succeed();
    await expect(upload.done).resolves.toMatchObject({ id: 'sh_1', state: 'available' });
  });

  it('fails with what the server says for good', async () => {
    server.fail('create', 'forbidden');
    await expect(sendOne(file('a.txt')).done).rejects.toMatchObject({ code: 'forbidden' });
    expect(asked('create')).toHaveLength(1);
  });

  it('has its file when a push is faster than the answer', async () => {
    server.beforeReply = (request) => {
      if (request !== 'create') return;
      const mine = [...server.shares.values()].at(-1);
      if (mine !== undefined) files.apply([mine], true);
      expect(upload.file).toMatchObject({ id: 'sh_1' });
    };
    const upload = sendOne(file('a.txt'));
    expect(await upload.done).toBe(files.byId.get('sh_1'));
  });

  it('is one of three at a time', async () => {
    let open = 0;
    let most = 0;
    server.beforeReply = async (request) => {
      if (request !== 'create') return;
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
    };
    await Promise.all(send(times(9)).map((upload) => upload.done));
    expect(most).toBe(3);
  });
});

describe('cancelling a small file', () => {
  it('that waits asks nothing of the server', async () => {
    const upload = sendOne(file('a.txt'));
    upload.cancel();
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.log).toEqual([]);
  });

  it('that is on its way revokes it when the answer comes', async () => {
    const upload = sendOne(file('a.txt'));
    server.beforeReply = (request) => {
      if (request === 'create') upload.cancel();
    };
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    await vi.waitFor(() => expect(server.shares.get('sh_1')?.state).toBe('revoked'), { interval: 1 });
  });

  it('whose answer was lost finds out what there is to revoke', async () => {
    const upload = sendOne(file('a.txt'));
    loseReply(() => upload.cancel());
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    await vi.waitFor(() => expect(server.shares.get('sh_1')?.state).toBe('revoked'), { interval: 1 });
  });

  it('that never came to the server makes nothing', async () => {
    const upload = sendOne(file('a.txt'));
    const create = server.create.bind(server);
    server.create = async () => {
      server.create = create;
      upload.cancel();
      throw new HandoutError('network', 'lost');
    };
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    await vi.waitFor(() => expect(asked('create')).toHaveLength(1), { interval: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.shares.size).toBe(0);
  });
});
