import { vi } from 'vitest';
import type { EnxEvent } from './events.js';
import { FakeDoor, FakeRoom, type FakeUpload, person } from './fake-core.js';
import { EnxRoomObject } from './room.js';

/** What an application saw, in order: an event's type or messageType, or a callback's name. */
export interface Seen {
  what: string;
  told: Record<string, unknown>;
}

const everything = [
  'room-connected',
  'room-error',
  'room-disconnected',
  'user-connected',
  'user-disconnected',
  'network-disconnected',
  'network-reconnecting',
  'network-reconnected',
  'network-reconnect-timeout',
  'network-reconnect-failed',
  'message-received',
  'user-data-received',
  'fs-upload-started',
  'fs-upload-result',
  'fs-download-result',
];

/** A room object over a fake core, with a journal of all that an application sees. */
export class Scene {
  readonly door = new FakeDoor();
  readonly core = new FakeRoom();
  readonly room = new EnxRoomObject(this.door.join, { token: 'a-token' });
  readonly seen: Seen[] = [];

  constructor() {
    for (const type of everything) {
      this.room.addEventListener(type, (event) => this.note(event));
    }
  }

  /** Connects, with Bo and Cy already there. */
  async connect(...args: unknown[]): Promise<this> {
    for (const other of [person('pt_bo', 'Bo'), person('pt_cy', 'Cy')]) this.core.participants.set(other.id, other);
    this.room.connect(...args);
    this.door.admit(this.core);
    await settle();
    return this;
  }

  /** A callback that writes into the journal under this name. */
  callback(what: string): (told: Record<string, unknown>) => void {
    return (told) => void this.seen.push({ what, told });
  }

  /** What was seen, by name alone; and forgotten. */
  take(): string[] {
    return this.seen.splice(0).map(({ what }) => what);
  }

  /** What was told under this name, oldest first. */
  told(what: string): Record<string, unknown>[] {
    return this.seen.filter((seen) => seen.what === what).map(({ told }) => told);
  }

  /** The nth upload that the core was given. */
  upload(n: number): FakeUpload {
    const sent = this.core.sent[n];
    if (!sent) throw new Error(`upload ${n} was not sent`);
    return sent.upload;
  }

  private note(event: EnxEvent): void {
    const { message } = event;
    if (event.type.endsWith('-result') && typeof message === 'object' && message !== null && 'messageType' in message) {
      this.seen.push({ what: String(message.messageType), told: { ...message } });
    } else {
      this.seen.push({ what: event.type, told: event });
    }
  }
}

/** Lets everything run that is ready to, under the test's fake time. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

/** A file of so many bytes. */
export function file(name: string, size = 5, type = 'text/plain'): File {
  return new File(['x'.repeat(size)], name, { type });
}
