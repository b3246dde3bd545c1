import { describe, expect, it } from 'vitest';
import { type PushClient, PushSignal, type ReconnectOptions } from './signal.js';
import { LIMITS, participant, SHARING } from './testing/records.js';

/** A centrifuge client that does what the test says. */
class FakeClient implements PushClient {
  readonly #listeners = new Map<string, (context: never) => void>();
  connected = false;

  on(type: string, listener: (context: never) => void): void {
    this.#listeners.set(type, listener);
  }
  connect(): void {
    this.connected = true;
  }
  disconnect(): void {
    this.connected = false;
    this.tell('disconnected', { code: 0 });
  }
  tell(type: string, context: unknown): void {
    this.#listeners.get(type)?.(context as never);
  }
}

const WELCOME = { me: participant(), room: { id: 'rm_1', name: 'Physics', sharing: SHARING }, limits: LIMITS };

function rig(reconnect?: ReconnectOptions) {
  const client = new FakeClient();
  const told: unknown[] = [];
  const signal = new PushSignal(
    { origin: 'https://files.example.org', token: 'jwt', reconnect, client: () => client },
    {
      welcome: (welcome) => told.push(['welcome', welcome.room.id]),
      event: (event) => told.push(['event', event.type]),
      lost: () => told.push(['lost']),
      closed: (reason, code) => told.push(['closed', reason, code]),
    },
  );
  signal.connect();
  return { client, signal, told };
}

describe('PushSignal', () => {
  it('tells the welcome, the events and the loss of the connection', () => {
    const { client, told } = rig();
    client.tell('connecting', { code: 0 });
    client.tell('connected', { data: WELCOME });
    client.tell('publication', { data: { type: 'room.ended', stream: 'room', seq: 1, time: '' } });
    client.tell('publication', { data: { type: 7 } });
    client.tell('connecting', { code: 1 });
    client.tell('connected', { data: WELCOME });
    expect(told).toEqual([['welcome', 'rm_1'], ['event', 'room.ended'], ['lost'], ['welcome', 'rm_1']]);
  });

  it.each([
    [4500, 'replaced'],
    [4502, 'dropped'],
    [1, 'unauthenticated'],
  ])('tells close code %i once, as %s', (code, reason) => {
    const { client, told } = rig();
    client.tell('disconnected', { code });
    client.tell('disconnected', { code });
    client.tell('connected', { data: WELCOME });
    expect(told).toEqual([['closed', reason, code]]);
  });

  it('gives up before the room is joined after a few failures', () => {
    const { client, told } = rig();
    for (let i = 0; i < 5; i++) client.tell('error', { type: 'transport' });
    client.tell('error', { type: 'refreshToken' });
    expect(told).toEqual([]);
    client.tell('error', { type: 'connect' });
    expect(told).toEqual([['closed', 'connection-lost', undefined]]);
    expect(client.connected).toBe(false);
  });

  it('does not give up a room it was in, unless told how often to try', () => {
    const patient = rig();
    patient.client.tell('connected', { data: WELCOME });
    for (let i = 0; i < 100; i++) patient.client.tell('error', { type: 'transport' });
    expect(patient.told).toEqual([['welcome', 'rm_1']]);

    const bounded = rig({ maxAttempts: 2 });
    bounded.client.tell('error', { type: 'transport' });
    bounded.client.tell('connected', { data: WELCOME });
    bounded.client.tell('error', { type: 'transport' });
    bounded.client.tell('error', { type: 'transport' });
    expect(bounded.told).toEqual([
      ['welcome', 'rm_1'],
      ['closed', 'connection-lost', undefined],
    ]);
  });

  it('leaves at the first loss when it must not reconnect', () => {
    const { client, told } = rig({ enabled: false });
    client.tell('connected', { data: WELCOME });
    client.tell('connecting', { code: 1 });
    expect(told).toEqual([['welcome', 'rm_1'], ['lost'], ['closed', 'connection-lost', undefined]]);
  });

  it('gives up a server that does not speak the protocol', () => {
    const { client, told } = rig();
    client.tell('connected', { data: { hello: 1 } });
    expect(told).toEqual([['closed', 'connection-lost', undefined]]);
  });

  it('says nothing after it was told to end', () => {
    const { client, signal, told } = rig();
    signal.disconnect();
    expect(client.connected).toBe(false);
    expect(told).toEqual([]);
  });
});
