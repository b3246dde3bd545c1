/** The keys of the cards and folders that are open. */
export class Unfolded {
  readonly #keys = new Set<string>();

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Opens what is closed, and closes what is open. */
  turn(key: string): void {
    if (!this.#keys.delete(key)) this.#keys.add(key);
  }
}
