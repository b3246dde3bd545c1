import { css, html, LitElement, nothing } from 'lit';
import { Language } from './language.js';
import { tokens } from './styles/tokens.js';

/**
 * `<handout-badge for="ID">`: how many files the panel of that id has that nobody has looked at, for the button
 * that shows it. Nothing while there are none.
 */
export class Badge extends LitElement {
  static override properties = { for: { type: String }, count: { state: true } };

  declare for: string;
  declare count: number;
  readonly #language = new Language(this);
  #root: Node | undefined;

  constructor() {
    super();
    this.for = '';
    this.count = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#root = this.getRootNode(); // the panel may come later, and others after it
    this.#root.addEventListener('handout-unread', this.#changed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#root?.removeEventListener('handout-unread', this.#changed);
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has('for')) return;
    const root = this.getRootNode() as Document | ShadowRoot;
    const panel = root.querySelector<HTMLElement & { readonly unread?: number }>(`#${CSS.escape(this.for)}`);
    this.count = panel?.unread ?? 0;
  }

  override render() {
    const { words } = this.#language;
    if (this.count === 0) return nothing;
    return html`<span part="badge" role="img" aria-label=${words.text('badge', { count: this.count })}>${words.number(Math.min(this.count, 99))}${this.count > 99 ? '+' : ''}</span>`;
  }

  readonly #changed = (event: Event): void => {
    const { target, detail } = event as CustomEvent<{ count: number }>;
    if (target instanceof Element && target.id === this.for) this.count = detail.count;
  };

  static override styles = [
    tokens,
    css`
      :host {
        display: inline-block;
        color-scheme: inherit;
      }
      span {
        display: inline-block;
        min-inline-size: 18px;
        padding-inline: 5px;
        border-radius: var(--_r-full);
        background: var(--_accent);
        color: var(--_on-accent);
        font: 650 11px / 18px var(--_font);
        text-align: center;
        box-sizing: border-box;
      }
    `,
  ];
}

customElements.define('handout-badge', Badge);
