import { css } from 'lit';

export const panelStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    position: relative;
    min-block-size: 0;
    container-type: inline-size;
    background: var(--_bg);
    color: var(--_text);
    color-scheme: light dark;
    font: 400 var(--_text-m) / 1.5 var(--_font);
    letter-spacing: normal;
    text-align: start;
    text-indent: 0;
    text-shadow: none;
    text-transform: none;
    white-space: normal;
    word-spacing: normal;
    cursor: auto;
    -webkit-font-smoothing: antialiased;
  }
  :host([theme='light']) {
    color-scheme: light;
  }
  :host([theme='dark']) {
    color-scheme: dark;
  }
  /* In a box of a given height this scrolls, and the foot stays in sight; elsewhere the page does. */
  .body {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    flex: 1 1 auto;
    gap: 16px;
    min-block-size: 0;
    padding: var(--handout-padding, 12px);
    overflow-y: auto;
    overscroll-behavior: contain;
  }
  .connection p {
    display: flex;
    align-items: center;
    gap: 10px;
    padding: 9px 14px;
    border: 1px solid var(--_warn-line);
    border-radius: var(--_r-m);
    background: var(--_warn-soft);
    color: var(--_warn);
    font-size: var(--_text-s);
    line-height: 1.4;
  }
  .connection:not(:empty) {
    position: sticky;
    z-index: 5;
    inset-block-start: var(--handout-inset-top, 0px);
  }
  .connection:empty {
    position: absolute; /* there to be spoken, and without a gap */
  }
  .turn {
    margin-inline-start: auto;
    animation: turn 1s linear infinite;
  }
  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }
  .note {
    padding: 14px 16px;
    border: 1px solid var(--_line);
    border-radius: var(--_r-l);
    background: var(--_surface);
    color: var(--_text-2);
  }
  .expiry {
    display: flex;
    gap: 8px;
    color: var(--_text-2);
    font-size: var(--_text-xs);
    text-wrap: pretty;
  }
  .expiry svg {
    margin-block-start: 1px;
  }
`;
