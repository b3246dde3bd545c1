/** Counts what arrived while nobody was looking. */
export class Unread {
  readonly #looking: () => boolean;
  readonly #changed: (count: number) => void;
  #count = 0;

  constructor(looking: () => boolean, changed: (count: number) => void) {
    this.#looking = looking;
    this.#changed = changed;
  }

  get count(): number {
    return this.#count;
  }

  add(count: number): void {
    if (!this.#looking()) this.#set(this.#count + count);
  }

  /** Call when somebody looks. */
  seen(): void {
    this.#set(0);
  }

  #set(count: number): void {
    if (count === this.#count) return;
    this.#count = count;
    this.#changed(count);
  }
}
