/** Called with each event of its type. */
export type Listener<E> = (event: E) => void;

/** Typed events. Listeners run at once, in the order in which they came. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();
  #ended = false;

  /** Adds a listener and returns what takes it off again. Adding one twice has no effect. */
  on<K extends keyof Events>(type: K, listener: Listener<Events[K]>): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => {
      listeners.delete(listener);
    };
  }

  /** Nothing is told any more, whatever comes late. */
  end(): void {
    this.#ended = true;
    this.#listeners.clear();
  }

  /** Calls the listeners. One that throws stops neither the others nor us: its error is the page's. */
  emit<K extends keyof Events>(type: K, event: Events[K]): void {
    if (this.#ended) return;
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        (listener as Listener<Events[K]>)(event);
      } catch (error) {
        report(error);
      }
    }
  }
}

/** Hands an error to the page's own error handling, outside our call. */
function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
