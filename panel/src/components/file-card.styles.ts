import { css } from 'lit';

export const cardStyles = css`
  article {
    position: relative;
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    align-items: center;
    column-gap: 14px;
    padding: 12px 14px;
    border: 1px solid var(--_line);
    border-radius: var(--_r-m);
    background: var(--_surface);
    box-shadow: var(--_shadow-1);
  }
  article:focus-visible {
    outline: 2px solid var(--_accent);
  }
  article.ended {
    border-style: dashed;
    background: transparent;
    box-shadow: none;
  }
  .thumbnail {
    inline-size: 44px;
    block-size: 44px;
  }
  .ended .tile {
    filter: grayscale(1);
    opacity: 0.6;
  }
  .ended h3 {
    color: var(--_text-2);
    text-decoration: line-through;
    text-decoration-thickness: 1px;
  }
  .body {
    min-inline-size: 0;
    line-height: 1.4;
  }
  h3 {
    display: flex;
    min-inline-size: 0;
    font-size: var(--_text-m);
    font-weight: 600;
    letter-spacing: -0.006em;
    white-space: pre;
  }
  .whole {
    display: inline-flex;
    min-inline-size: 0;
  }
  .head {
    min-inline-size: 0;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .tail {
    flex: none;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    column-gap: 14px;
  }
  .meta,
  .status {
    display: flex;
    align-items: center;
    min-inline-size: 0;
    color: var(--_text-2);
    font-size: var(--_text-s);
  }
  .meta {
    white-space: nowrap;
  }
  .sep {
    margin-inline: 6px;
  }
  .whom {
    min-inline-size: 0;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .whom bdi {
    overflow-wrap: normal;
  }
  .status {
    flex-wrap: wrap;
    font-variant-numeric: tabular-nums;
  }
  .status svg {
    margin-inline-end: 5px;
  }
  .saved,
  .shared,
  .verb {
    color: var(--_accent);
    font-weight: 550;
  }
  .upload-paused,
  .download-paused {
    color: var(--_warn);
  }
  .actions {
    display: flex;
    align-items: center;
    gap: 4px;
    margin-inline-end: -4px;
  }
  .actions .primary {
    margin-inline-end: 4px;
  }
  .bar {
    grid-column: 1 / -1;
    block-size: 6px;
    margin-block: 10px 2px;
    overflow: hidden;
    border-radius: 3px;
    background: var(--_surface-3);
  }
  .bar span {
    display: block;
    block-size: 100%;
    min-inline-size: 6px;
    border-radius: 3px;
    background: var(--_accent);
    transition: inline-size 240ms linear;
  }
  .bar.arriving span {
    background: var(--_line-strong);
  }
  .bar.unmeasured span {
    inline-size: 28%;
    animation: pass 1.8s ease-in-out infinite alternate;
  }
  /* Moved, not laid out: there may be a hundred of them. The way is 72% of the bar, in widths of what passes. */
  @keyframes pass {
    to {
      translate: calc(100% * 72 / 28);
    }
  }
  .bar.unmeasured span:dir(rtl) {
    animation-name: pass-rtl;
  }
  @keyframes pass-rtl {
    to {
      translate: calc(-100% * 72 / 28);
    }
  }
  .bar.waiting span,
  .bar.download-waiting span {
    background: var(--_line-strong);
  }
  .bar.upload-paused span,
  .bar.download-paused span {
    background: var(--_warn);
  }
  .wide {
    grid-column: 1 / -1;
    justify-content: start;
    min-block-size: 44px;
    margin-block-start: 10px;
    padding-block: 8px;
    border-color: transparent;
    font-weight: 500;
    text-align: start;
  }
  .wide > span:not(.sr) {
    flex: 1;
  }
  .wide strong {
    flex: none;
    font-weight: 650;
  }
  .bad {
    background: var(--_danger-soft);
    color: var(--_danger);
  }
  .bad:hover,
  .bad:active {
    border-color: var(--_danger-line);
    background: var(--_danger-soft);
  }
  .warn {
    background: var(--_warn-soft);
    color: var(--_warn);
  }
  .warn:hover,
  .warn:active {
    border-color: var(--_warn-line);
    background: var(--_warn-soft);
  }
  .receipts {
    grid-column: 1 / -1;
  }
  .preview {
    grid-column: 1 / -1;
    margin-block-start: 12px;
  }
  button[aria-expanded='true'] {
    background: var(--_surface-3);
    color: var(--_text);
  }
  .question {
    grid-column: 1 / -1;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: end;
    gap: 8px;
    margin-block-start: 10px;
    padding-block-start: 10px;
    border-block-start: 1px solid var(--_line);
  }
  .question p {
    flex: 1 1 220px;
    font-size: var(--_text-s);
  }
  @container (max-width: 527px) {
    article {
      column-gap: 12px;
      padding: 12px;
    }
    .word {
      display: none;
    }
    .actions button:has(.word) {
      flex: none;
      inline-size: var(--_touch);
      padding: 0;
    }
    .verb,
    .verb + .sep {
      display: none;
    }
    .actions:has(button + button):has(button:not(.icon)) {
      grid-column: 2 / -1;
      flex-flow: row-reverse wrap-reverse;
      justify-content: start;
      gap: 4px;
      margin-block-start: 8px;
    }
    .actions button + button:has(.word) {
      inline-size: auto;
      padding-inline: 11px;
    }
    .actions button + button .word {
      display: inline;
    }
    .actions:has(button + button) .primary {
      margin: 0;
    }
  }
  @container (max-width: 327px) {
    .tile {
      inline-size: 36px;
      block-size: 36px;
    }
  }
  @media (forced-colors: active) {
    .bar {
      border: 1px solid CanvasText;
    }
    .bar span {
      background: Highlight;
    }
  }
`;
