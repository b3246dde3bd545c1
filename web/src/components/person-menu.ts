import { base, buttons, icon } from '@handout/panel/ui';
import { css, html, LitElement } from 'lit';
import { EllipsisVertical, type IconNode, Undo2, UserX } from 'lucide';
import { say } from '../language.js';

/** What a moderator may do with a person. */
export type PersonAction = 'withdraw-all' | 'remove';

const ITEMS: readonly (readonly [PersonAction, IconNode])[] = [
  ['withdraw-all', Undo2],
  ['remove', UserX],
];

/** How far the menu stays from its button, and from the window's edges, in px. */
const GAP = 4;

/** A moderator's menu for one person. Fires `person-action` with a PersonAction. */
export class PersonMenu extends LitElement {
  static override properties = { name: { attribute: false }, open: { state: true } };

  declare name: string;
  declare open: boolean;

  constructor() {
    super();
    this.name = '';
    this.open = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('scroll', this.#scrolled, true);
  }

  override render() {
    const label = say('person.more', { name: this.name });
    return html`<button
        class="quiet icon"
        popovertarget="menu"
        aria-haspopup="menu"
        aria-expanded=${this.open}
        aria-label=${label}
        title=${label}
        data-testid="person-menu"
      >
        ${icon(EllipsisVertical)}
      </button>
      <div id="menu" role="menu" popover aria-label=${label} @beforetoggle=${this.#toggles} @toggle=${this.#toggled} @keydown=${this.#keyed} @focusout=${this.#left}>
        ${ITEMS.map(
          ([action, picture], at) =>
            html`<button role="menuitem" tabindex="-1" ?autofocus=${at === 0} class="quiet ${action}" @click=${() => this.#pick(action)}>${icon(picture)}${say(`person.${action}`)}</button>`,
        )}
      </div>`;
  }

  /** Takes the focus, as after a question that the menu has led to. */
  override focus(): void {
    this.#button?.focus();
  }

  get #button(): HTMLElement | null {
    return this.renderRoot.querySelector('[popovertarget]');
  }

  get #menu(): HTMLElement | null {
    return this.renderRoot.querySelector('#menu');
  }

  get #items(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('[role=menuitem]')];
  }

  /** The focus goes back before the item that has it is hidden. */
  #toggles(event: Event): void {
    if ((event as ToggleEvent).newState === 'closed' && this.#items.some((item) => item.matches(':focus')))
      this.focus();
  }

  #toggled(event: Event): void {
    this.open = (event as ToggleEvent).newState === 'open';
    if (this.open) {
      this.#place();
      window.addEventListener('scroll', this.#scrolled, true);
    } else {
      window.removeEventListener('scroll', this.#scrolled, true);
    }
  }

  /** Below its button and inside the window; above it where there is no room below. */
  #place(): void {
    const [button, menu] = [this.#button?.getBoundingClientRect(), this.#menu];
    if (button === undefined || menu === null) return;
    const { offsetWidth: width, offsetHeight: height } = menu;
    const below = button.bottom + GAP;
    const top = below + height + GAP <= window.innerHeight ? below : button.top - GAP - height;
    const left = Math.min(Math.max(button.right - width, GAP), window.innerWidth - width - GAP);
    menu.style.insetBlockStart = `${Math.max(top, GAP)}px`;
    menu.style.left = `${left}px`;
  }

  #keyed(event: KeyboardEvent): void {
    const items = this.#items;
    const at = items.indexOf(this.shadowRoot?.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    items.at(to % items.length)?.focus();
  }

  /** With Tab the focus goes on, and the menu is done. */
  #left({ relatedTarget }: FocusEvent): void {
    if (relatedTarget instanceof Node && !this.renderRoot.contains(relatedTarget)) this.#menu?.hidePopover();
  }

  #pick(action: PersonAction): void {
    this.#menu?.hidePopover();
    this.dispatchEvent(new CustomEvent('person-action', { detail: action }));
  }

  /** The menu stands still; what it belongs to does not. */
  readonly #scrolled = (): void => {
    this.#menu?.hidePopover();
  };

  static override styles = [
    base,
    buttons,
    css`
      [popover] {
        position: fixed;
        inset: auto;
        margin: 0;
        padding: 6px;
        border: 1px solid var(--_line);
        border-radius: var(--_r-m);
        background: var(--_surface);
        color: var(--_text);
        box-shadow: var(--_shadow-3);
      }
      [popover]:popover-open {
        display: grid;
      }
      button[role='menuitem'] {
        justify-content: start;
        padding-inline: 10px 18px;
        color: var(--_text);
        font-weight: 500;
      }
      [role='menuitem']:focus-visible {
        outline-offset: -2px;
      }
      button.remove[role='menuitem'] {
        color: var(--_danger);
      }
    `,
  ];
}

customElements.define('handout-person-menu', PersonMenu);
