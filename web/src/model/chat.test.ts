import { HandoutError, type RoomEvents } from '@handout/sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { Chat, type ChatRoom } from './chat.js';

type Answer = (error?: Error) => void;

/** A room that notes what is sent, and answers when it is told to. */
class FakeRoom {
  readonly me = { id: 'me', name: 'Noor' };
  readonly limits = { messageBytes: 20 };
  state: { kind: string } = { kind: 'connected' };
  readonly asked: { text: unknown; to: unknown; answer: Answer }[] = [];
  readonly #ears = new Map<string, Set<(event: never) => void>>();

  sendMessage(text: unknown, { to }: { to: unknown }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.asked.push({ text, to, answer: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  }

  on(type: string, ear: (event: never) => void): () => void {
    const ears = this.#ears.get(type) ?? new Set();
    this.#ears.set(type, ears.add(ear));
    return () => ears.delete(ear);
  }

  tell<K extends keyof RoomEvents>(type: K, event: RoomEvents[K]): void {
    for (const ear of this.#ears.get(type) ?? []) ear(event as never);
  }

  become(kind: 'connected' | 'reconnecting'): void {
    this.state = { kind };
    this.tell('state', { state: kind === 'connected' ? { kind } : { kind, since: 0 } });
  }

  says(text: unknown, more: Partial<RoomEvents['message']> = {}): void {
    const sender = { id: 'ana', name: 'Ana' };
    this.tell('message', { kind: 'text', sender, to: 'room', body: text, time: new Date(5), ...more });
  }
}

let room: FakeRoom;
let chat: Chat;
const settled = () => new Promise((resolve) => setTimeout(resolve));
const states = () => chat.items.map(({ text, state }) => `${text} ${state}`);

beforeEach(() => {
  room = new FakeRoom();
  chat = new Chat(room as unknown as ChatRoom, () => undefined);
  chat.listen();
});

describe('Chat', () => {
  it('sends one after the other, in order', async () => {
    chat.send('a', 'room');
    chat.send('b', ['ana']);
    expect(room.asked.map(({ text }) => text)).toEqual(['a']);
    room.asked[0]?.answer();
    await settled();
    expect(room.asked[1]).toMatchObject({ text: 'b', to: ['ana'] });
    expect(states()).toEqual(['a sent', 'b sending']);
    expect(chat.items[0]).toMatchObject({ mine: true, sender: { id: 'me', name: 'Noor' } });
  });

  it('keeps what others say, and nothing that is not text', () => {
    room.says('hello');
    room.says('psst', { to: ['me'] });
    room.says({ page: 3 }, { kind: 'data' });
    room.says(7);
    expect(chat.items.map(({ text, to, at }) => ({ text, to, at }))).toEqual([
      { text: 'hello', to: 'room', at: 5 },
      { text: 'psst', to: ['me'], at: 5 },
    ]);
  });

  it('waits while the network is away, but not without end', async () => {
    room.become('reconnecting');
    for (let n = 0; n < 20; n++) chat.send(`${n}`, 'room');
    expect(chat.full).toBe(true);
    expect(room.asked).toEqual([]);
    room.become('connected');
    for (let n = 0; n < 20; n++) {
      room.asked[n]?.answer();
      await settled();
    }
    expect(room.asked.map(({ text }) => text)).toEqual(chat.items.map(({ text }) => text));
    expect(chat.items.every(({ state }) => state === 'sent')).toBe(true);
  });

  it('never sends by itself again what may have arrived', async () => {
    chat.send('a', 'room');
    room.asked[0]?.answer(new HandoutError('network', ''));
    await settled();
    room.become('reconnecting');
    room.become('connected');
    expect(states()).toEqual(['a failed']);
    expect(room.asked).toHaveLength(1);
    chat.retry(chat.items[0]?.id ?? 0);
    expect(room.asked).toHaveLength(2);
  });

  it('believes its own words when they come back, before the answer and after it was lost', async () => {
    const me = { sender: { id: 'me', name: 'Noor' } };
    chat.send('early', 'room');
    room.says('early', me);
    expect(states()).toEqual(['early sent']);
    room.asked[0]?.answer(new HandoutError('network', ''));
    await settled();
    chat.send('late', 'room');
    room.asked[1]?.answer(new HandoutError('network', ''));
    await settled();
    room.says('late', me);
    expect(states()).toEqual(['early sent', 'late sent']);
    chat.send('refused', 'room');
    room.asked[2]?.answer(new HandoutError('unknown-recipient', ''));
    await settled();
    room.says('refused', me);
    expect(states()).toEqual(['early sent', 'late sent', 'refused failed']);
  });

  it('a failed one can be sent again, at the end, or removed', async () => {
    chat.send('a', 'room');
    room.asked[0]?.answer(new HandoutError('too-many-requests', ''));
    await settled();
    room.says('hello');
    const { id } = chat.items[0] ?? { id: 0 };
    chat.retry(id);
    expect(states()).toEqual(['hello sent', 'a sending']);
    chat.discard(id);
    expect(states()).toEqual(['hello sent', 'a sending']);
    room.asked[1]?.answer(new Error('broken'));
    await settled();
    expect(chat.items[1]?.fault?.code).toBe('internal');
    chat.discard(id);
    expect(states()).toEqual(['hello sent']);
  });

  it('counts and marks what came while nobody looked', () => {
    chat.look(true);
    room.says('seen');
    chat.look(false);
    room.says('first new');
    room.says('second new');
    expect([chat.unread, chat.mark]).toEqual([2, chat.items[1]?.id]);
    chat.look(true);
    expect([chat.unread, chat.mark]).toEqual([0, chat.items[1]?.id]);
    chat.look(false);
    room.says('newer');
    expect(chat.mark).toBe(chat.items[3]?.id);
    chat.send('me too', 'room');
    expect(chat.mark).toBeUndefined();
  });

  it('counts a text as the server does, in bytes of its JSON', () => {
    expect(chat.excess('x'.repeat(18))).toBe(0);
    expect(chat.excess('x'.repeat(19))).toBe(1);
    expect(chat.excess('"\n€')).toBe(0);
    expect(chat.excess('€'.repeat(7))).toBe(3);
  });

  it('keeps the newest 500', () => {
    for (let n = 0; n < 510; n++) room.says(`${n}`);
    expect(chat.items).toHaveLength(500);
    expect(chat.items[0]?.text).toBe('10');
  });
});
