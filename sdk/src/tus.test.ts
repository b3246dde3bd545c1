import type { HttpRequest, HttpResponse, HttpStack } from 'tus-js-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { assertReadable, type BytesRequest, STALL_MS, sendBytes } from './tus.js';

interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A tus server in the client's own terms: each request gets the next reply, a missing one is never answered. */
class FakeStack implements HttpStack {
  readonly log: string[] = [];
  readonly replies: (Reply | Error)[];
  aborted = 0;

  constructor(...replies: (Reply | Error)[]) {
    this.replies = replies;
  }

  getName(): string {
    return 'fake';
  }

  createRequest(method: string, url: string): HttpRequest {
    const headers: Record<string, string> = {};
    let progress: (bytes: number) => void = () => undefined;
    return {
      getMethod: () => method,
      getURL: () => url,
      setHeader: (name, value) => {
        headers[name] = value;
      },
      getHeader: (name) => headers[name],
      setProgressHandler: (handler) => {
        progress = handler;
      },
      send: async (body: Blob | null) => {
        this.log.push(
          `${method} ${url} ${headers.Authorization} ${headers['Upload-Offset'] ?? '-'} ${body?.size ?? '-'}`,
        );
        const reply = this.replies.shift();
        if (reply === undefined) return new Promise<HttpResponse>(() => undefined);
        if (reply instanceof Error) throw reply;
        if (body !== null) progress(body.size);
        return {
          getStatus: () => reply.status,
          getHeader: (name: string) => reply.headers?.[name] as string,
          getBody: () => reply.body ?? '',
          getUnderlyingObject: () => undefined,
        };
      },
      abort: async () => {
        this.aborted++;
      },
      getUnderlyingObject: () => undefined,
    };
  }
}

const head = (offset: number): Reply => ({
  status: 200,
  headers: { 'Upload-Offset': `${offset}`, 'Upload-Length': '5', 'Tus-Resumable': '1.0.0' },
});
const patched = (offset: number): Reply => ({ status: 204, headers: { 'Upload-Offset': `${offset}` } });

function request(stack: FakeStack, more: Partial<BytesRequest> = {}) {
  const seen: number[] = [];
  const bytes: BytesRequest = {
    blob: new Blob(['hello']),
    url: 'http://server/uploads/sh_1',
    authorization: 'Bearer jwt',
    signal: new AbortController().signal,
    progress: (n) => seen.push(n),
    httpStack: stack,
    ...more,
  };
  return { seen, done: sendBytes(bytes) };
}

afterEach(() => vi.useRealTimers());

describe('sendBytes', () => {
  it('goes on at the offset that the server tells', async () => {
    const stack = new FakeStack(head(2), patched(5));
    const { seen, done } = request(stack);
    await done;
    expect(stack.log).toEqual([
      'HEAD http://server/uploads/sh_1 Bearer jwt - -',
      'PATCH http://server/uploads/sh_1 Bearer jwt 2 3',
    ]);
    expect(seen.at(-1)).toBe(5);
  });

  it('sends nothing when the server has every byte', async () => {
    const stack = new FakeStack(head(5));
    await request(stack).done;
    expect(stack.log).toHaveLength(1);
  });

  it.each<[string, (Reply | Error)[], object]>([
    ['no answer', [new Error('offline')], { code: 'network' }],
    ['a cut while bytes move', [head(0), new Error('reset')], { code: 'network' }],
    ['an upload that is gone', [{ status: 410 }], { code: 'share-ended', status: 410 }],
    ['an upload that is locked', [{ status: 423 }], { code: 'upload-busy' }],
    [
      'an upload that was split',
      [{ status: 200, headers: { 'Upload-Concat': 'final;/uploads/a' } }],
      { code: 'in-parts' },
    ],
    [
      'a refused append',
      [head(0), { status: 409, body: '{"code":"upload-preempted","status":409,"title":"C"}' }],
      { code: 'upload-preempted' },
    ],
    ['a server that is not one', [{ status: 200 }], { code: 'invalid-request' }],
  ])('tells %s', async (_, replies, error) => {
    await expect(request(new FakeStack(...replies)).done).rejects.toMatchObject(error);
  });

  it('stops when it is cancelled, before and while it runs', async () => {
    const controller = new AbortController();
    const stack = new FakeStack(head(0));
    const { done } = request(stack, { signal: controller.signal });
    await vi.waitFor(() => expect(stack.log).toHaveLength(2), { interval: 1 });
    controller.abort();
    await expect(done).rejects.toMatchObject({ code: 'cancelled' });
    expect(stack.aborted).toBe(1);

    const unused = new FakeStack();
    await expect(request(unused, { signal: controller.signal }).done).rejects.toMatchObject({ code: 'cancelled' });
    expect(unused.log).toEqual([]);
  });

  it('gives up a connection on which nothing moves', async () => {
    vi.useFakeTimers();
    const stack = new FakeStack(head(0));
    const { done } = request(stack);
    const rejected = expect(done).rejects.toMatchObject({ code: 'network' });
    await vi.advanceTimersByTimeAsync(STALL_MS + 1);
    await rejected;
    expect(stack.aborted).toBe(1);
  });
});

describe('assertReadable', () => {
  it('tells a file that has gone', async () => {
    await assertReadable(new Blob(['x']));
    const gone = new Blob(['x']);
    gone.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException('x', 'NotReadableError')) }) as never;
    await expect(assertReadable(gone)).rejects.toMatchObject({ code: 'file-unreadable' });
  });
});
