import { beforeEach, describe, expect, it } from 'vitest';
import { share } from './testing/records.js';
import { FakeNetwork, TOKEN } from './testing/room.js';

let network: FakeNetwork;
beforeEach(() => {
  network = new FakeNetwork();
});

describe('join', () => {
  it('resolves when everything in the room is known', async () => {
    network.shares = [share({ state: 'available' })];
    const joining = network.join();
    let room: unknown;
    void joining.then((joined) => {
      room = joined;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(room).toBeUndefined();
    network.welcome();
    const joined = await joining;
    expect(joined).toMatchObject({
      id: 'rm_1',
      name: 'Physics',
      settings: { mode: 'group' },
      state: { kind: 'connected' },
    });
    expect([...joined.files.keys()]).toEqual(['sh_1']);
    expect([...joined.participants.keys()]).toEqual(['ana']);
    expect([...network.origins]).toEqual(['https://files.example.org']);
  });

  it.each([
    ['replaced', 4500, 'replaced'],
    ['room-ended', 4503, 'room-ended'],
    ['unauthenticated', 4501, 'unauthenticated'],
    ['room-full', 4505, 'room-full'],
    ['connection-lost', undefined, 'network'],
  ] as const)('that ends as %s rejects', async (reason, code, error) => {
    const joining = network.join();
    network.push.closed(reason, code);
    await expect(joining).rejects.toMatchObject({ code: error });
  });

  it('rejects when the server does not let us read the room', async () => {
    network.refusals.set('/v1/rooms/rm_1/shares', 401);
    const joining = network.join();
    network.welcome();
    await expect(joining).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(network.connected).toBe(false);
  });

  it('rejects what is no token, without a request', async () => {
    await expect(network.join({}, 'nonsense')).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(network.connections).toBe(0);
  });

  it('can be cancelled before it starts, and while it runs', async () => {
    await expect(network.join({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    expect(network.connections).toBe(0);

    const controller = new AbortController();
    const joining = network.join({ signal: controller.signal });
    controller.abort();
    await expect(joining).rejects.toMatchObject({ code: 'cancelled' });
    expect(network.connected).toBe(false);
  });

  it('is not touched by its signal once the room is joined', async () => {
    const controller = new AbortController();
    const joining = network.join({ signal: controller.signal });
    network.welcome();
    const room = await joining;
    controller.abort();
    expect(room.state.kind).toBe('connected');
  });

  it('believes the server that the token names', async () => {
    const wrapped = btoa(JSON.stringify({ jwt: TOKEN, host: 'token.example', secure: true }));
    const joining = network.join({}, wrapped);
    network.welcome();
    await joining;
    expect([...network.origins]).toEqual(['https://token.example']);
  });
});
