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
    outline: 2px solid var(--_accent);
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
    min-block-size: var(--_touch);
    padding: 0 14px;
    border: 1px solid var(--_line);
    border-radius: var(--_r-s);
    background: var(--_surface);
    color: var(--_text);
    font: 550 var(--_text-s) / 1.2 var(--_font);
    cursor: pointer;
    transition:
      background-color 120ms var(--_ease),
      border-color 120ms var(--_ease),
      color 120ms var(--_ease);
    -webkit-tap-highlight-color: transparent;
  }
  button:hover {
    background: var(--_surface-2);
  }
  button:active {
    background: var(--_surface-3);
  }
  button[disabled],
  button[aria-disabled='true'] {
    opacity: 0.55;
    cursor: not-allowed;
  }
  button.primary {
    border-color: transparent;
    background: var(--_accent);
    color: var(--_on-accent);
    font-weight: 600;
  }
  button.primary:hover {
    background: var(--_accent-strong);
  }
  button.quiet {
    border-color: transparent;
    background: transparent;
    color: var(--_text-2);
  }
  button.quiet:hover {
    background: var(--_surface-2);
    color: var(--_text);
  }
  button.danger {
    border-color: transparent;
    background: var(--_danger-soft);
    color: var(--_danger);
  }
  button.danger:hover {
    border-color: var(--_danger-line);
  }
  button.icon {
    flex: none;
    inline-size: var(--_touch);
    padding: 0;
  }
  @media (forced-colors: active) {
    button {
      border-color: ButtonText;
    }
  }
`;
