import { beforeEach, describe, expect, it, vi } from 'vitest';
import { asked, begin, bytes, page, permit, sendOne as send, sent, server, told } from './testing/uploads.js';

const PARTS = 3;
const HUGE = 160 << 20;
const huge = new File([new Uint8Array(HUGE)], 'huge', { lastModified: 7 });
const large = new File([new Uint8Array(PARTS << 23)], 'large', { lastModified: 7 });

let now: number;

beforeEach(() => {
  now = 0;
  begin(() => ({ now: () => now }));
  permit({ fileSize: 2 ** 31 });
});

async function succeed(...parts: string[]): Promise<void> {
  for (const part of parts) {
    await vi.waitFor(() => bytes.of(part), { interval: 1 });
    bytes.of(part).succeed();
  }
}

describe('an upload over several connections', () => {
  it('is one share, and one completion', async () => {
    const upload = send(large, 2);
    await sent(2);
    bytes.of('sh_1:0').request.progress(1000);
    bytes.of('sh_1:1').request.progress(500);
    expect(upload.progress.transferred).toBe(1500);
    await succeed('sh_1:1', 'sh_1:2', 'sh_1:0');
    await expect(upload.done).resolves.toMatchObject({ id: 'sh_1', state: 'available' });
    expect(asked('offer')).toEqual(['offer large']);
    expect(asked('split')).toEqual([`split sh_1 ${PARTS}`]);
    expect(told.filter((line) => line.endsWith('completed'))).toHaveLength(1);
    expect(told.filter((line, i) => line !== told[i - 1])).toEqual([
      'large running',
      'large verifying',
      'large completed',
    ]);
  });

  it('is not worth it for a small file', async () => {
    const upload = send(new File(['abc'], 'small'), 4);
    await sent(1);
    await succeed('sh_1');
    await upload.done;
    expect(asked('split')).toEqual([]);
  });

  it('goes on after a reload, with any number of connections', async () => {
    const before = send(large, 3);
    await sent(3);
    await succeed('sh_1:1');
    before.cancel = () => undefined; // the page is gone, and tells nobody
    page();
    const upload = send(large, 1);
    await sent(4);
    bytes.of('sh_1').fail('in-parts'); // as its HEAD is answered
    await sent(5);
    bytes.of('sh_1:0').succeed();
    await sent(6);
    bytes.of('sh_1:2').succeed();
    await upload.done;
    // What was there is not sent again.
    expect(bytes.attempts.slice(3).map(({ share }) => share)).toEqual(['sh_1', 'sh_1:0', 'sh_1:2']);
    expect(asked('offer')).toHaveLength(1);
  });

  it('is cancelled as one', async () => {
    const upload = send(large, 3);
    await sent(3);
    upload.cancel();
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    expect(bytes.attempts.every(({ request }) => request.signal.aborted)).toBe(true);
    expect(server.shares.get('sh_1')?.state).toBe('cancelled');
    await send(large, 1); // the connections are free again
    await sent(4);
  });

  it('asks again to be split when the reply is lost', async () => {
    server.fail('split', 'network', 'internal');
    const upload = send(large, 2);
    await sent(2);
    expect(asked('split')).toHaveLength(3);
    expect(told).toContain('large paused');
    await succeed('sh_1:0', 'sh_1:1', 'sh_1:2');
    await upload.done;
  });

  it.each(['not-found', 'offset-mismatch'])('is sent whole when it cannot be split: %s', async (code) => {
    server.fail('split', code);
    const upload = send(large, 2);
    await sent(1);
    await succeed('sh_1');
    await upload.done;
  });

  it('fails with what the server says of a part', async () => {
    const upload = send(large, 2);
    await sent(2);
    server.change('sh_1', { state: 'failed', reason: 'storage-failed' });
    bytes.of('sh_1:0').fail('share-ended');
    await expect(upload.done).rejects.toMatchObject({ code: 'storage-failed' });
  });

  it('asks a server that could not join the parts to try again', async () => {
    server.receive = () => undefined; // every byte is there, and the file is not
    const upload = send(large, 2);
    await succeed('sh_1:0', 'sh_1:1', 'sh_1:2');
    await vi.waitFor(() => expect(asked('split').length).toBeGreaterThan(1), { interval: 1 });
    server.change('sh_1', { state: 'available', sha256: 'ab' });
    await upload.done;
  });

  it('leaves connections to other files', async () => {
    send(large, 4);
    await sent(3); // all its parts
    send(new File(['a'], 'a'), 1);
    send(new File(['b'], 'b'), 1);
    await sent(4); // no more than four at once
    expect(bytes.attempts[3]?.share).toBe('sh_2');
    await succeed('sh_1:2');
    await sent(5);
    expect(bytes.attempts[4]?.share).toBe('sh_3');
  });
});

/** Bytes go over a connection for so many seconds, a megabyte in each. */
function flow(share: string, seconds: number): void {
  for (let i = 1; i <= seconds; i++) {
    now += 1000;
    bytes.of(share).request.progress(i * 1_000_000);
  }
}

describe('an upload that finds out how many connections it is worth', () => {
  it('tries several where one is slow, and goes back to one where they gain nothing', async () => {
    const upload = send(huge, 'auto');
    await sent(1);
    flow('sh_1', 7);
    expect(asked('split')).toEqual([]);
    flow('sh_1', 10);
    await sent(5);
    expect(asked('split')).toEqual(['split sh_1 20']);
    expect(bytes.attempts.slice(1).map(({ share }) => share)).toEqual(['sh_1:0', 'sh_1:1', 'sh_1:2', 'sh_1:3']);
    flow('sh_1:0', 8); // together no more than one alone
    await succeed('sh_1:1', 'sh_1:2', 'sh_1:3');
    await sent(5); // theirs are given up
    await succeed('sh_1:0');
    await sent(6);
    for (let part = 4; part < 20; part++) await succeed(`sh_1:${part}`);
    await expect(upload.done).resolves.toMatchObject({ id: 'sh_1' });
    expect(asked('offer')).toHaveLength(1);
    expect(told.filter((line) => line.endsWith('completed'))).toHaveLength(1);
  });

  it('is sent whole by a fast connection', async () => {
    const upload = send(huge, 'auto');
    await sent(1);
    for (let i = 1; i <= 8; i++) {
      now += 1000;
      bytes.of('sh_1').request.progress(i * 20_000_000);
    }
    await succeed('sh_1');
    await upload.done;
    expect(asked('split')).toEqual([]);
  });

  it('goes on over one connection when the server does not split', async () => {
    server.fail('split', 'not-found');
    const upload = send(huge, 'auto');
    await sent(1);
    flow('sh_1', 10);
    await sent(2);
    flow('sh_1', 30);
    expect(bytes.of('sh_1').request.signal.aborted).toBe(false);
    await succeed('sh_1');
    await upload.done;
    expect(asked('split')).toHaveLength(1);
  });
});
