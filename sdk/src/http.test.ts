import { describe, expect, it } from 'vitest';
import { HandoutError } from './errors.js';
import { Api, asNetworkError, problemError } from './http.js';
import { share } from './testing/records.js';

interface Asked {
  url: string;
  method: string;
  headers: Headers;
  body: unknown;
}

/** An Api whose requests are written down and answered from a list. */
function rig(...replies: (Response | Error)[]) {
  const asked: Asked[] = [];
  const api = new Api({
    origin: 'https://files.example.org',
    token: 'jwt',
    room: 'rm a',
    fetch: async (input, init) => {
      const body = init?.body === undefined ? undefined : JSON.parse(String(init.body));
      asked.push({ url: String(input), method: init?.method ?? 'GET', headers: new Headers(init?.headers), body });
      const reply = replies.shift();
      if (reply === undefined) throw new Error('no reply left');
      if (reply instanceof Error) throw reply;
      return reply;
    },
  });
  return { api, asked };
}

const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });
const done = () => new Response(null, { status: 204 });

describe('requests', () => {
  it('reads shares from a cursor, with the token in a header', async () => {
    const { api, asked } = rig(json({ seq: '2.0', shares: [] }), json({ seq: '2.1', shares: [share()] }));
    expect(await api.sharesSince('')).toEqual({ seq: '2.0', shares: [] });
    expect((await api.sharesSince('2.0')).shares).toHaveLength(1);
    expect(asked.map((a) => a.url)).toEqual([
      'https://files.example.org/v1/rooms/rm%20a/shares',
      'https://files.example.org/v1/rooms/rm%20a/shares?since=2.0',
    ]);
    expect(asked[0]?.headers.get('authorization')).toBe('Bearer jwt');
  });

  it('offers files', async () => {
    const offered = { ...share(), uploadUrl: '/uploads/sh_1' };
    const { api, asked } = rig(json({ shares: [offered] }, 201));
    const files = [{ name: 'a', size: 1, type: '' }];
    expect(await api.offer({ files, to: ['bo'], key: 'k1' })).toEqual([offered]);
    expect(asked[0]).toMatchObject({ method: 'POST', body: { files, to: ['bo'] } });
    expect(asked[0]?.headers.get('idempotency-key')).toBe('"k1"');
  });

  it('refuses an answer of another length than the offer', async () => {
    const { api } = rig(json({ shares: [] }, 201));
    const offer = api.offer({ files: [{ name: 'a', size: 1, type: '' }], to: 'room', key: 'k' });
    await expect(offer).rejects.toMatchObject({ code: 'internal' });
  });

  it('ends, leaves and sends messages', async () => {
    const { api, asked } = rig(done(), done(), done());
    await api.end('sh_1');
    await api.leave('me/../x');
    await api.message('data', 'room', { page: 3 });
    expect(asked.map((a) => `${a.method} ${new URL(a.url).pathname}`)).toEqual([
      'DELETE /v1/shares/sh_1',
      'DELETE /v1/rooms/rm%20a/participants/me%2F..%2Fx',
      'POST /v1/rooms/rm%20a/messages',
    ]);
    expect(asked[2]?.body).toEqual({ kind: 'data', to: 'room', body: { page: 3 } });
  });

  it('asks for a range of the bytes', async () => {
    const { api, asked } = rig(new Response('lo', { status: 206 }));
    const reply = await api.content('sh_1', { Range: 'bytes=3-' }, new AbortController().signal);
    expect(await reply.text()).toBe('lo');
    expect(asked[0]?.headers.get('range')).toBe('bytes=3-');
  });
});

describe('errors', () => {
  it('are the problem that the server tells', async () => {
    const { api } = rig(
      json(
        { type: 'urn:handout:error:room-full', title: 'Too Many', status: 429, code: 'room-full', detail: 'no place' },
        429,
      ),
    );
    await expect(api.roster()).rejects.toMatchObject({
      code: 'room-full',
      status: 429,
      message: 'no place',
      detail: 'no place',
    });
  });

  it.each([
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [413, 'request-too-large'],
    [502, 'unavailable'],
    [410, 'share-ended'],
    [423, 'upload-busy'],
    [429, 'unavailable'],
    [500, 'internal'],
    [400, 'invalid-request'],
  ])('are judged by the status %i when a proxy answers', (status, code) => {
    expect(problemError(status, '<html>')).toMatchObject({ code, status });
  });

  it('tell a lost network from a cancel', async () => {
    const { api } = rig(new TypeError('Failed to fetch'));
    await expect(api.share('sh_1')).rejects.toMatchObject({ code: 'network' });
    expect(asNetworkError(new DOMException('x', 'AbortError')).code).toBe('cancelled');
    expect(asNetworkError(new DOMException('x', 'TimeoutError')).code).toBe('network');
  });

  it('of a cancelled request are cancelled, whatever fetch throws', async () => {
    const { api } = rig(new TypeError('terminated'));
    await expect(api.share('sh_1', AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('say so when the answer is not of the protocol', async () => {
    const { api } = rig(json({ hello: 1 }), new Response('nonsense'));
    await expect(api.ticket('sh_1')).rejects.toBeInstanceOf(HandoutError);
    await expect(api.ticket('sh_1')).rejects.toMatchObject({ code: 'internal' });
  });
});
