import { css, html, type TemplateResult } from 'lit';
import type { Words } from '../messages/words.js';

/** What the list shows before the first file. */
export function emptyState(alone: boolean, maySend: boolean, words: Words): TemplateResult {
  return html`<div class="empty" data-testid="empty">
    <svg width="132" height="92" viewBox="0 0 132 92" fill="none" aria-hidden="true">
      <rect class="back" x="14" y="18" width="48" height="62" rx="8" transform="rotate(-9 38 49)" />
      <rect class="back" x="70" y="18" width="48" height="62" rx="8" transform="rotate(9 94 49)" />
      <path class="front" d="M50 8h24l16 16v50a8 8 0 0 1-8 8H50a8 8 0 0 1-8-8V16a8 8 0 0 1 8-8Z" />
      <path class="fold" d="M74 8v10a6 6 0 0 0 6 6h10" />
      <path class="line" d="M54 42h24M54 54h24M54 66h14" />
    </svg>
    <h2>${words.text(alone ? 'empty.first' : 'empty.nothing')}</h2>
    <p>${words.text(hint(alone, maySend))}</p>
    <slot name="empty-action"></slot>
  </div>`;
}

function hint(alone: boolean, maySend: boolean) {
  if (!maySend) return 'empty.receive';
  return alone ? 'empty.alone' : 'empty.drop';
}

export const emptyStateStyles = css`
  .empty {
    display: grid;
    justify-items: center;
    padding: 40px 16px;
    text-align: center;
  }
  .empty h2 {
    margin-block: 20px 4px;
    font-size: var(--_text-l);
    font-weight: 640;
    letter-spacing: -0.012em;
  }
  .empty p {
    max-inline-size: 38ch;
    color: var(--_text-2);
    text-wrap: balance;
  }
  slot[name='empty-action']::slotted(*) {
    margin-block-start: 18px;
  }
  .empty .back {
    fill: var(--_surface-2);
    stroke: var(--_line);
    stroke-width: 1.5;
  }
  .empty .front {
    fill: var(--_surface);
    stroke: var(--_accent-line);
    stroke-width: 1.5;
  }
  .empty .fold {
    fill: var(--_accent-soft);
    stroke: var(--_accent-line);
    stroke-width: 1.5;
  }
  .empty .line {
    stroke: var(--_surface-3);
    stroke-linecap: round;
    stroke-width: 4;
  }
`;
