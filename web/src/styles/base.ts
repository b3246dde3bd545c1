import { css } from 'lit';

/** What every component shares: resets, focus ring, buttons, hidden text. */
export const base = css`
  :host {
    display: block;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  p,
  ul {
    margin: 0;
    padding: 0;
  }
  ul {
    list-style: none;
  }
  svg {
    display: block;
    flex: none;
  }
  bdi {
    overflow-wrap: anywhere;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .sr {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation-duration: 1ms !important;
      animation-iteration-count: 1 !important;
      transition-duration: 1ms !important;
    }
  }
`;

/** Buttons: plain by default, `.primary`, `.quiet`, `.danger`, `.icon`. */
export const buttons = css`
  button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 8px;
    min-block-size: var(--touch);
    padding: 0 14px;
    border: 1px solid var(--line);
    border-radius: var(--r-s);
    background: var(--surface);
    color: var(--text);
    font: 550 var(--text-s) / 1.2 var(--font);
    cursor: pointer;
    transition:
      background-color 120ms var(--ease),
      border-color 120ms var(--ease),
      color 120ms var(--ease);
    -webkit-tap-highlight-color: transparent;
  }
  button:hover {
    background: var(--surface-2);
  }
  button:active {
    background: var(--surface-3);
  }
  button[disabled],
  button[aria-disabled='true'] {
    opacity: 0.55;
    cursor: not-allowed;
  }
  button.primary {
    border-color: transparent;
    background: var(--accent);
    color: var(--on-accent);
    font-weight: 600;
  }
  button.primary:hover {
    background: var(--accent-strong);
  }
  button.quiet {
    border-color: transparent;
    background: transparent;
    color: var(--text-2);
  }
  button.quiet:hover {
    background: var(--surface-2);
    color: var(--text);
  }
  button.danger {
    border-color: transparent;
    background: var(--danger-soft);
    color: var(--danger);
  }
  button.danger:hover {
    border-color: var(--danger-line);
  }
  button.icon {
    inline-size: var(--touch);
    padding: 0;
  }
  @media (forced-colors: active) {
    button {
      border-color: ButtonText;
    }
  }
`;
