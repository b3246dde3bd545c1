import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RoomEventRecord } from './protocol.js';
import type { Room } from './room.js';
import type { RoomEvents } from './room-events.js';
import { LIMITS, participant, share } from './testing/records.js';
import { FakeNetwork } from './testing/room.js';

const EVENTS: readonly (keyof RoomEvents)[] = [
  'state',
  'participant-joined',
  'participant-left',
  'files-offered',
  'file-added',
  'file-changed',
  'transfer-added',
  'message',
];

let network: FakeNetwork;
let room: Room;
let told: string[];

beforeEach(async () => {
  network = new FakeNetwork();
  room = await network.joined();
  told = [];
  for (const type of EVENTS) room.on(type, () => told.push(type));
  network.asked.length = 0;
});

function push(seq: number, event: Partial<RoomEventRecord>): void {
  network.push.event({ stream: 'room', seq, time: '2026-03-14T15:09:26Z', ...event } as RoomEventRecord);
}

describe('a room', () => {
  it('follows who comes and goes', () => {
    const bo = participant({ id: 'bo', name: 'Bo' });
    push(1, { type: 'participant.joined', participant: bo });
    expect(room.participants.get('bo')).toMatchObject({ name: 'Bo' });
    push(2, { type: 'participant.left', participant: bo });
    expect([...room.participants.keys()]).toEqual(['ana']);
    expect(told).toEqual(['participant-joined', 'participant-left']);
  });

  it('follows its files, each event once', () => {
    push(1, { type: 'shares.created', shares: [share()] });
    push(1, { type: 'shares.created', shares: [share()] });
    push(2, { type: 'shares.available', shares: [share({ state: 'available', rev: 2 })] });
    push(3, { type: 'unknown' });
    push(4, { type: 'shares.ended', shares: [share({ state: 'revoked', rev: 3 })] });
    expect(told).toEqual(['file-added', 'files-offered', 'file-changed', 'file-changed']);
    expect(room.files.get('sh_1')?.state).toBe('revoked');
    expect(network.asked).toEqual([]);
  });

  it('reads again after a gap', async () => {
    network.seq = '5.0';
    network.shares = [share()];
    push(5, { type: 'shares.available', shares: [share({ state: 'available', rev: 2 })] });
    await vi.waitFor(() => expect(room.files.has('sh_1')).toBe(true), { interval: 1 });
    expect(network.asked[0]).toBe('GET /v1/rooms/rm_1/shares');
  });

  it('reads again when the server may have lost a push', async () => {
    network.seq = '5.0';
    network.shares = [share()];
    network.push.event({ type: 'stream.moved', time: '2026-03-14T15:09:26Z', stream: 'room', head: 5 });
    await vi.waitFor(() => expect(room.files.has('sh_1')).toBe(true), { interval: 1 });
  });

  it('hands on messages', () => {
    let message: RoomEvents['message'] | undefined;
    room.on('message', (event) => {
      message = event;
    });
    network.push.event({
      type: 'message',
      time: '2026-03-14T15:09:26Z',
      message: { kind: 'text', sender: { id: 'bo', name: 'Bo' }, to: 'room', body: 'hello' },
    });
    expect(message).toMatchObject({ kind: 'text', body: 'hello', time: new Date('2026-03-14T15:09:26Z') });
  });

  it('sends messages, of the kind of their body', async () => {
    await room.sendMessage('hello', { to: 'room' });
    await room.sendMessage({ page: 3 }, { to: ['bo'] });
    await room.sendMessage('raw', { to: 'room', kind: 'data' });
    expect(network.bodies).toEqual([
      { kind: 'text', to: 'room', body: 'hello' },
      { kind: 'data', to: ['bo'], body: { page: 3 } },
      { kind: 'data', to: 'room', body: 'raw' },
    ]);
  });

  it('gives links that are whole, and revokes', async () => {
    push(1, { type: 'shares.available', shares: [share({ state: 'available' })] });
    const file = room.files.get('sh_1');
    expect(await file?.link()).toBe('https://files.example.org/v1/shares/sh_1/tickets?ticket=dt_1');
    await file?.revoke();
    expect(network.asked).toEqual(['POST /v1/shares/sh_1/tickets', 'DELETE /v1/shares/sh_1']);
  });
});

describe('transfers', () => {
  it('are listed in the order in which they began', () => {
    push(1, { type: 'shares.created', shares: [share()] });
    told.length = 0;
    const [upload] = room.send(new File(['x'], 'mine'), { to: 'room' });
    const download = room.files.get('sh_1')?.download();
    expect(room.transfers).toEqual([upload, download]);
    expect(told).toEqual(['transfer-added', 'transfer-added']);
    expect(room.files.get('sh_1')?.download()).toBe(download);
  });

  it('are cancelled by their signal', async () => {
    const controller = new AbortController();
    const before = room.send(new File(['x'], 'a'), { to: 'room', signal: AbortSignal.abort() });
    const after = room.send([new File(['x'], 'b'), new File(['x'], 'c')], { to: 'room', signal: controller.signal });
    controller.abort();
    expect([...before, ...after].map((upload) => upload.state)).toEqual(Array(3).fill({ kind: 'cancelled', by: 'me' }));
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('refuse an empty list at once', () => {
    expect(() => room.send([], { to: 'room' })).toThrow(expect.objectContaining({ code: 'empty-list' }));
    for (const parallel of [0, 5, 1.5, Number.NaN]) {
      const wrong = () => room.send(new File(['x'], 'a'), { to: 'room', parallel });
      expect(wrong).toThrow(expect.objectContaining({ code: 'invalid-request' }));
    }
  });
});

describe('a lost connection', () => {
  it('is told, and told over before what is new: who hears of a file can ask for it', async () => {
    const states: unknown[] = [];
    room.on('file-added', () => states.push(`file while ${room.state.kind}`));
    room.on('state', ({ state }) => states.push(state.kind));
    network.push.lost();
    network.push.lost();
    network.seq = '3.0';
    network.shares = [share()];
    network.welcome();
    await vi.waitFor(() => expect(room.files.size).toBe(1), { interval: 1 });
    expect(states).toEqual(['reconnecting', 'connected', 'file while connected']);
    expect(told).toEqual(['state', 'state', 'file-added', 'files-offered']);
  });

  it('that does not come back ends the transfers, then the room', () => {
    push(1, { type: 'shares.created', shares: [share()] });
    const download = room.files.get('sh_1')?.download();
    network.push.closed('replaced', 4500);
    network.push.closed('dropped', 4502);
    expect(room.state).toEqual({ kind: 'left', reason: 'replaced', code: 4500 });
    expect(download?.state).toEqual({ kind: 'cancelled', by: 'room' });
  });
});

describe('leaving', () => {
  it('tells the server, once', async () => {
    const leaving = room.leave();
    expect(room.state).toEqual({ kind: 'left', reason: 'left' });
    await leaving;
    await room.leave();
    expect(network.asked).toEqual(['DELETE /v1/rooms/rm_1/participants/ana']);
    expect(network.connected).toBe(false);
    expect(told).toEqual(['state']);
  });

  it('leaves nothing to be done or told', async () => {
    push(1, { type: 'shares.created', shares: [share()] });
    const file = room.files.get('sh_1');
    await room.leave();
    told.length = 0;
    push(2, { type: 'shares.available', shares: [share({ state: 'available', rev: 2 })] });
    network.welcome();
    network.push.closed('left', 4504);
    expect(told).toEqual([]);
    const out = expect.objectContaining({ code: 'not-connected' });
    expect(() => room.send(new File(['x'], 'a'), { to: 'room' })).toThrow(out);
    expect(() => file?.download()).toThrow(out);
    expect(() => file?.save()).toThrow(out);
    await expect(room.sendMessage('x', { to: 'room' })).rejects.toMatchObject({ code: 'not-connected' });
  });

  it('is the last that is told, whatever is still on its way', async () => {
    let reply: (response: Response) => void = () => undefined;
    network.refusals.set('/v1/shares/sh_1/content', 410);
    network.held.set('/v1/shares/sh_1', new Promise((resolve) => (reply = resolve)));
    push(1, { type: 'shares.created', shares: [share()] });
    push(2, { type: 'shares.available', shares: [share({ state: 'available', rev: 2 })] });
    const file = room.files.get('sh_1');
    file?.download();
    await vi.waitFor(() => expect(network.asked).toContain('GET /v1/shares/sh_1'));
    await room.leave();
    reply(Response.json(share({ state: 'revoked', rev: 3 })));
    await vi.waitFor(() => expect(file?.state).toBe('revoked'));
    expect(told.at(-1)).toBe('state');
  });

  it('is done although the server does not answer', async () => {
    network.refusals.set('/v1/rooms/rm_1/participants/ana', 503);
    await room.leave();
    expect(network.connected).toBe(false);
  });
});

describe('an upload of an earlier page', () => {
  const KEY = ['rm_1', 'ana', 'a.bin', 300_000, 7, 'room'];
  const { uploadIdleSeconds, lifetimeSeconds } = LIMITS;

  afterEach(() => vi.unstubAllGlobals());

  it.each([
    ['is looked for although it began longer ago than an upload may rest', uploadIdleSeconds + 60, true],
    ['is forgotten when no share lives that long', lifetimeSeconds + 60, false],
  ])('%s', async (_, ageSeconds, asks) => {
    const entry = { key: JSON.stringify(KEY), share: 'sh_old', at: Date.now() - ageSeconds * 1000 };
    vi.stubGlobal('localStorage', { getItem: () => JSON.stringify([entry]), setItem: () => undefined });
    const again = new FakeNetwork();
    const rejoined = await again.joined();
    rejoined.send(new File(['x'.repeat(300_000)], 'a.bin', { lastModified: 7 }), { to: 'room' });
    await vi.waitFor(() => expect(again.asked).toContain('POST /v1/rooms/rm_1/shares'));
    expect(again.asked.includes('GET /v1/shares/sh_old')).toBe(asks);
    await rejoined.leave();
  });
});
