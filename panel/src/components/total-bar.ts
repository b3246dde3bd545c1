import { css, html, LitElement, nothing } from 'lit';
import { english, type Words } from '../messages/words.js';
import type { Total } from '../model/batch.js';
import { paceText, percent } from '../model/wording.js';
import { base, buttons } from '../styles/base.js';

/** One bar for all that is on its way, while several are. Fires `cancel-all`. */
export class TotalBar extends LitElement {
  static override properties = {
    words: { attribute: false },
    total: { attribute: false },
  };

  declare words: Words;
  declare total: Total | undefined;

  constructor() {
    super();
    this.words = english;
  }

  override render() {
    const { total, words } = this;
    if (total === undefined) return nothing;
    const value = percent(total.transferred, total.total);
    const numbers = [words.percent(value / 100), ...paceText(total, words)];
    return html`<section aria-label=${words.text('total.label')} data-testid=${total.archive === undefined ? 'total' : 'archive'}>
      <div class="words">
        <strong>${what(total, words)}</strong>
        <span>${words.facts(numbers)}</span>
      </div>
      <button class="quiet" @click=${() => this.dispatchEvent(new CustomEvent('cancel-all'))}>${words.text(total.archive === undefined ? 'total.cancel' : 'cancel')}</button>
      <div class="bar" role="progressbar" aria-label=${what(total, words)} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${value}>
        <span .style=${`inline-size:${value}%`}></span>
      </div>
    </section>`;
  }

  static override styles = [
    base,
    buttons,
    css`
      section {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        align-items: center;
        gap: 2px 12px;
        overflow: hidden;
        padding-block: 8px 12px;
        padding-inline: 16px 8px;
        border: 1px solid var(--_line);
        border-radius: var(--_r-m);
        background: var(--_surface);
        box-shadow: var(--_shadow-2);
      }
      .words {
        display: flex;
        flex-wrap: wrap;
        column-gap: 10px;
        font-size: var(--_text-s);
        font-variant-numeric: tabular-nums;
      }
      strong {
        font-weight: 600;
      }
      @container (max-width: 327px) {
        .words {
          display: contents;
        }
        .words span {
          grid-area: 2 / 1 / 3 / -1;
        }
      }
      .words span {
        color: var(--_text-2);
      }
      .bar {
        grid-column: 1 / -1;
        block-size: 6px;
        margin-inline-end: 8px;
        overflow: hidden;
        border-radius: 3px;
        background: var(--_surface-3);
      }
      .bar span {
        display: block;
        block-size: 100%;
        border-radius: 3px;
        background: var(--_accent);
        transition: inline-size 240ms linear;
      }
    `,
  ];
}

function what({ uploads, downloads, archive }: Total, words: Words): string {
  if (archive !== undefined) return words.text('archive.saving', { name: archive });
  if (downloads === 0) return words.text('total.sending', { count: uploads });
  if (uploads === 0) return words.text('total.saving', { count: downloads });
  return words.text('total.both', { up: uploads, down: downloads });
}

customElements.define('handout-total-bar', TotalBar);
