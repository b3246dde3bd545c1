export type ToastTone = 'info' | 'error';

export interface Toast {
  readonly id: number;
  readonly tone: ToastTone;
  readonly text: string;
}

const SHOWN_MS = 6_000;
const MOST = 3;

/** The timers that a queue needs; tests bring their own. */
export interface Timers {
  set(run: () => void, ms: number): number;
  clear(id: number): void;
}

const windowTimers: Timers = {
  set: (run, ms) => window.setTimeout(run, ms),
  clear: (id) => window.clearTimeout(id),
};

/**
 * Short messages that leave by themselves; errors stay until closed. Never more
 * than three at once: the oldest makes room.
 */
export class Toasts {
  readonly #changed: () => void;
  readonly #timers: Timers;
  #items: readonly Toast[] = [];
  #running = new Map<number, number>();
  #next = 1;

  constructor(changed: () => void, timers: Timers = windowTimers) {
    this.#changed = changed;
    this.#timers = timers;
  }

  get items(): readonly Toast[] {
    return this.#items;
  }

  /** Shows a toast; what it returns names it. */
  show(text: string, tone: ToastTone = 'info'): number {
    const toast: Toast = { id: this.#next++, tone, text };
    const oldest = this.#items.length >= MOST ? this.#items[0] : undefined;
    if (oldest !== undefined) this.close(oldest.id);
    this.#items = [...this.#items, toast];
    this.#start(toast);
    this.#changed();
    return toast.id;
  }

  /** Says something else in a toast that is still there, and shows it as long as a new one; false if it has gone. */
  reword(id: number, text: string): boolean {
    const old = this.#items.find((toast) => toast.id === id);
    if (old === undefined) return false;
    const toast = { ...old, text };
    this.#items = this.#items.map((item) => (item === old ? toast : item));
    if (this.#running.has(id)) {
      this.#stop(id);
      this.#start(toast);
    }
    this.#changed();
    return true;
  }

  close(id: number): void {
    this.#stop(id);
    this.#items = this.#items.filter((toast) => toast.id !== id);
    this.#changed();
  }

  /** While someone reads or has the focus in them, toasts wait. */
  hold(): void {
    for (const id of [...this.#running.keys()]) this.#stop(id);
  }

  release(): void {
    for (const toast of this.#items) this.#start(toast);
  }

  clear(): void {
    this.hold();
    this.#items = [];
    this.#changed();
  }

  #start(toast: Toast): void {
    if (toast.tone === 'error' || this.#running.has(toast.id)) return;
    this.#running.set(
      toast.id,
      this.#timers.set(() => this.close(toast.id), SHOWN_MS),
    );
  }

  #stop(id: number): void {
    const timer = this.#running.get(id);
    if (timer !== undefined) this.#timers.clear(timer);
    this.#running.delete(id);
  }
}
