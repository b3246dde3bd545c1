import { Logger } from './logger.js';

/** What a listener gets: one plain object with its type. */
export interface EnxEvent {
  type: string;
  message?: unknown;
  [more: string]: unknown;
}

/** Hears events of one type. */
export type EnxListener = (event: EnxEvent) => void;

/**
 * Listeners by type. They are called synchronously, in the order in which they
 * were added, each once however often it was added; one that throws does not
 * stop the others, and one that is removed meanwhile is not called any more.
 */
export class EnxEvents {
  private readonly listeners = new Map<string, Set<EnxListener>>();

  /** Adds a listener; what is not a function is ignored. */
  addEventListener(type: string, listener: EnxListener): void {
    if (typeof listener !== 'function') return;
    const known = this.listeners.get(type) ?? new Set();
    known.add(listener);
    this.listeners.set(type, known);
  }

  /** Removes a listener; one that was never added is no error. */
  removeEventListener(type: string, listener: EnxListener): void {
    this.listeners.get(type)?.delete(listener);
  }

  /** Calls the listeners of the event's type. What carries no type is ignored. */
  dispatchEvent(event: EnxEvent): void {
    if (typeof event?.type !== 'string') return;
    const known = this.listeners.get(event.type);
    for (const listener of [...(known ?? [])]) {
      if (known?.has(listener)) this.call(listener, event);
    }
  }

  /** The same as {@link addEventListener}. */
  on(type: string, listener: EnxListener): void {
    this.addEventListener(type, listener);
  }

  /** The same as {@link removeEventListener}. */
  off(type: string, listener: EnxListener): void {
    this.removeEventListener(type, listener);
  }

  /** The same as {@link dispatchEvent}; a type and a message are taken too. */
  emit(event: EnxEvent | string, message?: unknown): void {
    this.dispatchEvent(typeof event === 'string' ? { type: event, message } : event);
  }

  private call(listener: EnxListener, event: EnxEvent): void {
    try {
      listener(event);
    } catch (cause) {
      Logger.error(`a listener of ${event.type} threw`, cause);
    }
  }
}
