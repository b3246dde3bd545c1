import type { Fault } from '@handout/panel/ui';
import { type Audience, HandoutError, type Room } from '@handout/sdk';

/** What the chat needs of a room. */
export type ChatRoom = Pick<Room, 'me' | 'limits' | 'state' | 'sendMessage' | 'on'>;

/**
 * Where a message stands. `waiting`: until those before it are sent, and the network is there; `sending`: asked of the
 * server; `failed`: the server did not take it, or did not answer.
 */
export type MessageState = 'waiting' | 'sending' | 'sent' | 'failed';

export interface ChatMessage {
  readonly id: number;
  readonly sender: { readonly id: string; readonly name: string };
  readonly mine: boolean;
  readonly to: Audience;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly state: MessageState;
  readonly fault: Fault | undefined;
}

/** So many are kept; the oldest go first. */
const MOST_KEPT = 500;
/** So many of mine wait for the network. */
const MOST_WAITING = 20;

/**
 * The messages of this page's stay in the room, oldest first. What I send goes one after the other, in order, and waits
 * while the network is away; what may have arrived is never sent a second time by itself.
 */
export class Chat {
  readonly #room: ChatRoom;
  readonly #changed: () => void;
  #items: readonly ChatMessage[] = [];
  #unread = 0;
  #mark: number | undefined;
  #looking = false;
  #sending = false;
  #next = 1;

  constructor(room: ChatRoom, changed: () => void) {
    this.#room = room;
    this.#changed = changed;
  }

  /** A new array whenever one of them changes. */
  get items(): readonly ChatMessage[] {
    return this.#items;
  }

  /** How many came while nobody looked. */
  get unread(): number {
    return this.#unread;
  }

  /** The first of those that came while nobody looked; it stays when they are read. */
  get mark(): number | undefined {
    return this.#mark;
  }

  /** Hears the room. Returns what ends that. */
  listen(): () => void {
    const off = [
      this.#room.on('message', ({ kind, sender, to, body, time }) => {
        if (kind === 'text' && typeof body === 'string') this.#heard({ sender, to, text: body, at: time.getTime() });
      }),
      this.#room.on('state', () => void this.#sendAll()),
    ];
    return () => {
      for (const end of off) end();
    };
  }

  /** Says whether the newest messages are before somebody's eyes. */
  look(looking: boolean): void {
    this.#looking = looking;
    if (!looking || this.#unread === 0) return;
    this.#unread = 0;
    this.#changed();
  }

  /** How many bytes the server counts for the text beyond what it takes; 0 for one that fits. */
  excess(text: string): number {
    return Math.max(0, new TextEncoder().encode(JSON.stringify(text)).length - this.#room.limits.messageBytes);
  }

  /** Whether no more messages can wait for the network. */
  get full(): boolean {
    return this.#items.filter(({ state }) => state === 'waiting').length >= MOST_WAITING;
  }

  send(text: string, to: Audience): void {
    const { id, name } = this.#room.me;
    this.#mark = undefined;
    this.#add({ sender: { id, name }, mine: true, to, text, at: Date.now(), state: 'waiting' });
    void this.#sendAll();
  }

  retry(id: number): void {
    const failed = this.#items.find((item) => item.id === id && item.state === 'failed');
    if (failed === undefined) return;
    this.#keep([...this.#items.filter((item) => item !== failed), { ...failed, state: 'waiting', at: Date.now() }]);
    void this.#sendAll();
  }

  /** Removes one of mine that was not sent. */
  discard(id: number): void {
    this.#keep(this.#items.filter((item) => item.id !== id || item.state === 'sent' || item.state === 'sending'));
  }

  #heard(message: Pick<ChatMessage, 'sender' | 'to' | 'text' | 'at'>): void {
    if (message.sender.id === this.#room.me.id) {
      this.#cameBack(message.text);
      return;
    }
    if (!this.#looking) {
      if (this.#unread === 0) this.#mark = this.#next;
      this.#unread++;
    }
    this.#add({ ...message, mine: false, state: 'sent' });
  }

  /** What went to the room comes back to its sender: then it has arrived, also when the answer was lost. */
  #cameBack(text: string): void {
    const own = this.#items.find(
      (item) => item.text === text && item.to === 'room' && (item.state === 'sending' || isUncertain(item)),
    );
    if (own !== undefined) this.#set(own.id, { state: 'sent', fault: undefined });
  }

  async #sendAll(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    for (;;) {
      const next = this.#items.find(({ state }) => state === 'waiting');
      if (next === undefined || this.#room.state.kind !== 'connected') break;
      this.#set(next.id, { state: 'sending', fault: undefined });
      const fault = await this.#room.sendMessage(next.text, { to: next.to }).then(() => undefined, faultOf);
      if (this.#items.find(({ id }) => id === next.id)?.state !== 'sending') continue; // it came back meanwhile
      this.#set(next.id, fault === undefined ? { state: 'sent' } : { state: 'failed', fault });
    }
    this.#sending = false;
  }

  #add(message: Omit<ChatMessage, 'id' | 'fault'>): void {
    this.#keep([...this.#items, { ...message, id: this.#next++, fault: undefined }]);
  }

  #set(id: number, change: Partial<ChatMessage>): void {
    this.#keep(this.#items.map((item) => (item.id === id ? { ...item, ...change } : item)));
  }

  #keep(items: readonly ChatMessage[]): void {
    this.#items = items.length > MOST_KEPT ? items.slice(-MOST_KEPT) : items;
    this.#changed();
  }
}

function faultOf(error: unknown): Fault {
  return error instanceof HandoutError ? error : { code: 'internal', message: String(error) };
}

/** The server may have taken it: its answer is what did not come. */
function isUncertain({ state, fault }: ChatMessage): boolean {
  return state === 'failed' && fault?.code === 'network';
}
