import { describe, expect, it } from 'vitest';
import { forget, inviteLink, JoinError, keep, type Place, prefill, requestToken, restore } from './session.js';

function storage() {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };
}

function placeAt(address: string) {
  const location = { href: new URL(address, 'https://files.example.org').href };
  const place: Place = {
    location,
    history: {
      replaceState: (_state, _title, to) => {
        location.href = new URL(String(to), location.href).href;
      },
    },
    sessionStorage: storage(),
    localStorage: storage(),
  };
  return { place, location };
}

describe('session', () => {
  it('takes a token out of the address at once', () => {
    const { place, location } = placeAt('/?x=1#token=abc.def');
    expect(restore(place)).toEqual({ token: 'abc.def' });
    expect(location.href).toBe('https://files.example.org/');
    expect(restore(place)).toEqual({ token: 'abc.def' }); // and keeps it for a reload
  });

  it('comes back after a reload, with the room in the address', () => {
    const { place, location } = placeAt('/');
    keep(place, { token: 't', room: 'a b' });
    expect(location.href).toBe('https://files.example.org/?room=a+b');
    expect(restore(place)).toEqual({ token: 't', room: 'a b' });
  });

  it('does not enter another room than the address names', () => {
    const { place, location } = placeAt('/');
    keep(place, { token: 't', room: 'one' });
    location.href = 'https://files.example.org/?room=two';
    expect(restore(place)).toBeUndefined();
  });

  it('is gone once forgotten', () => {
    const { place } = placeAt('/');
    keep(place, { token: 't' });
    forget(place);
    expect(restore(place)).toBeUndefined();
  });

  it.each(['', '{', '1', 'null', '{}', '{"token":1}'])('ignores %j in the storage', (text) => {
    const { place } = placeAt('/');
    place.sessionStorage.setItem('handout.session', text);
    expect(restore(place)).toBeUndefined();
  });

  it('invites to the room alone', () => {
    const { place } = placeAt('/deep?room=x#y');
    expect(inviteLink(place, 'weekly & more')).toBe('https://files.example.org/?room=weekly+%26+more');
  });
});

describe('requesting a token', () => {
  const answer = (status: number, body: unknown) =>
    (async () => new Response(JSON.stringify(body), { status })) as typeof fetch;

  it('sends room and name, and remembers the name', async () => {
    const { place } = placeAt('/');
    const asked: RequestInit[] = [];
    const fetcher = (async (_url: unknown, init: RequestInit) => {
      asked.push(init);
      return new Response(JSON.stringify({ token: 'tok', roomId: 'rm_1' }));
    }) as typeof fetch;
    expect(await requestToken('r', 'Noor', place, fetcher)).toEqual({ token: 'tok', room: 'r' });
    expect(JSON.parse(String(asked[0]?.body))).toEqual({ room: 'r', name: 'Noor' });
    expect(prefill(place)).toEqual({ room: '', name: 'Noor' });
  });

  it.each([
    ['no development back end', answer(404, {}), 'by-invitation'],
    ['a refusal with a reason', answer(400, { detail: 'The name is too long' }), 'refused: The name is too long'],
    ['a refusal without one', answer(500, {}), 'refused'],
    ['nonsense', answer(200, {}), 'unexpected'],
    ['no network', (async () => Promise.reject(new TypeError('fetch'))) as typeof fetch, 'unreachable'],
  ])('says why on %s', async (_case, fetcher, want) => {
    const { place } = placeAt('/');
    const failure = await requestToken('r', 'n', place, fetcher).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(JoinError);
    const { problem, message } = failure as JoinError;
    expect([problem, message].filter(Boolean).join(': ')).toBe(want);
  });
});
