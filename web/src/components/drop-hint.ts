import { css, html, LitElement } from 'lit';
import { Upload } from 'lucide';
import { base } from '../styles/base.js';
import { icon } from './icon.js';

/** The frame around the page while files are dragged over it. It lets the pointer through to the people below. */
export class DropHint extends LitElement {
  static override properties = { text: { attribute: false } };

  declare text: string;

  constructor() {
    super();
    this.text = '';
  }

  override render() {
    return html`<div class="frame"><p>${icon(Upload, 20)}<bdi>${this.text}</bdi></p></div>`;
  }

  static override styles = [
    base,
    css`
      .frame {
        position: fixed;
        z-index: 20;
        inset: 8px;
        display: grid;
        place-items: end center;
        padding: 28px 16px;
        border: 2px dashed var(--accent);
        border-radius: var(--r-l);
        background: color-mix(in srgb, var(--accent) 5%, transparent);
        pointer-events: none;
      }
      p {
        display: flex;
        align-items: center;
        gap: 10px;
        padding: 14px 22px;
        border-radius: var(--r-full);
        background: var(--accent);
        color: var(--on-accent);
        box-shadow: var(--shadow-3);
        font-weight: 600;
      }
    `,
  ];
}

customElements.define('handout-drop-hint', DropHint);
