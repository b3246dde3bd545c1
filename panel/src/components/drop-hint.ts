import { css, html, LitElement, nothing } from 'lit';
import { Upload } from 'lucide';
import { base } from '../styles/base.js';
import { icon } from './icon.js';

/** The frame around the panel, or the page, while files are dragged over it. It lets the pointer through to what is below. */
export class DropHint extends LitElement {
  static override properties = { text: { attribute: false }, page: { type: Boolean, reflect: true } };

  declare text: string;
  declare page: boolean;

  constructor() {
    super();
    this.text = '';
    this.page = false;
  }

  /** Around the page it is above everything, wherever in it the panel is. */
  override firstUpdated(): void {
    if (this.page) this.renderRoot.querySelector<HTMLElement>('.frame')?.showPopover();
  }

  override render() {
    return html`<div class="frame" popover=${this.page ? 'manual' : nothing}><p>${icon(Upload, 20)}<bdi>${this.text}</bdi></p></div>`;
  }

  static override styles = [
    base,
    css`
      :host {
        position: absolute;
        z-index: 9;
        inset: 6px;
        pointer-events: none;
      }
      .frame {
        position: absolute;
        inset: 0;
        display: flex;
        flex-direction: column;
        align-items: center;
        justify-content: end;
        padding: 28px 16px;
        border: 2px dashed var(--_accent);
        border-radius: var(--_r-l);
        background: color-mix(in srgb, var(--_accent) 5%, transparent);
        color: inherit;
        pointer-events: none;
      }
      .frame[popover] {
        position: fixed;
        inset: 8px;
        inline-size: auto;
        block-size: auto;
        margin: 0;
        overflow: visible;
      }
      p {
        position: sticky;
        inset-block-end: 20px;
        display: flex;
        align-items: center;
        gap: 10px;
        padding: 14px 22px;
        border-radius: var(--_r-full);
        background: var(--_accent);
        color: var(--_on-accent);
        box-shadow: var(--_shadow-3);
        font-weight: 600;
      }
    `,
  ];
}

customElements.define('handout-drop-hint', DropHint);
