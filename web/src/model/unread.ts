/** The page's parts that the badge touches; tests bring their own. */
export interface Page {
  title: string;
  readonly visibilityState: DocumentVisibilityState;
}

/** Counts what arrived while nobody was looking, in front of the page's title. */
export class Unread {
  readonly #page: Page;
  #title: string;
  #count = 0;

  constructor(page: Page, title: string) {
    this.#page = page;
    this.#title = title;
    this.#write();
  }

  add(count: number): void {
    if (this.#page.visibilityState === 'visible') return;
    this.#count += count;
    this.#write();
  }

  /** Call when the page is looked at. */
  seen(): void {
    if (this.#count === 0) return;
    this.#count = 0;
    this.#write();
  }

  rename(title: string): void {
    this.#title = title;
    this.#write();
  }

  #write(): void {
    this.#page.title = this.#count === 0 ? this.#title : `(${this.#count}) ${this.#title}`;
  }
}
