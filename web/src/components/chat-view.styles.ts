import { css } from 'lit';

export const chatStyles = css`
  section {
    display: flex;
    flex-direction: column;
    block-size: 100%;
    min-block-size: 0;
    background: var(--_surface);
    overflow: clip;
  }
  h2 {
    padding: 14px 16px;
    border-block-end: 1px solid var(--_line);
    font-size: var(--_text-s);
    font-weight: 600;
  }
  .middle {
    position: relative;
    display: flex;
    flex: 1;
    flex-direction: column;
    min-block-size: 0;
  }
  .log {
    display: flex;
    flex: 1;
    flex-direction: column;
    min-block-size: 0;
    padding: 12px 16px 16px;
    overflow-x: clip;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
  }
  .log:focus-visible {
    outline-offset: -3px;
  }
  .note {
    margin-block-end: auto;
    color: var(--_text-2);
    font-size: var(--_text-xs);
    text-align: center;
    text-wrap: balance;
  }
  .empty {
    display: grid;
    justify-items: center;
    gap: 14px;
    margin: auto;
    color: var(--_text-2);
    font-size: var(--_text-s);
    text-align: center;
    text-wrap: balance;
  }
  .empty svg {
    color: var(--_line-strong);
    stroke-width: 1.5;
  }
  .mark {
    display: flex;
    align-items: center;
    gap: 10px;
    margin-block-start: 14px;
    color: var(--_accent);
    font-size: var(--_text-xs);
    font-weight: 600;
  }
  .mark::before,
  .mark::after {
    flex: 1;
    block-size: 1px;
    background: var(--_accent-line);
    content: '';
  }
  .message {
    display: flex;
    flex: none;
    flex-direction: column;
    align-items: start;
    max-inline-size: 100%;
    margin-block-start: 14px;
    padding-inline-start: 28px;
  }
  .message.follows {
    margin-block-start: 4px;
  }
  .mine {
    align-items: end;
  }
  .head {
    display: flex;
    align-items: center;
    gap: 6px;
    max-inline-size: calc(100% + 28px);
    margin-block-end: 5px;
    margin-inline-start: -28px;
    color: var(--_text-2);
    font-size: var(--_text-xs);
  }
  .name {
    min-inline-size: 0;
    overflow: hidden;
    color: var(--_text);
    font-weight: 600;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .whom {
    display: flex;
    align-items: center;
    gap: 3px;
    min-inline-size: 0;
    white-space: nowrap;
  }
  .whom span {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  time {
    flex: none;
    font-variant-numeric: tabular-nums;
  }
  .text {
    max-inline-size: min(100%, 34rem);
    padding: 7px 12px;
    border: 1px solid transparent;
    border-radius: 4px 16px 16px;
    background: var(--_surface-2);
    line-height: 1.45;
    overflow: clip;
    overflow-wrap: anywhere;
    unicode-bidi: isolate;
    white-space: pre-wrap;
  }
  .mine .text {
    border-radius: 16px 4px 16px 16px;
    background: var(--_accent-soft);
  }
  .private .text {
    border: 1px dashed var(--_accent-line);
    background: transparent;
  }
  .waiting .text,
  .sending .text {
    color: var(--_text-2);
  }
  a {
    color: var(--_accent);
    text-underline-offset: 2px;
  }
  .more {
    padding-inline: 8px;
  }
  .status {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: end;
    color: var(--_text-2);
    font-size: var(--_text-xs);
  }
  .status.bad span {
    flex: 1 1 100%;
    margin-block-start: 4px;
    color: var(--_danger);
    text-align: end;
  }
  .status button {
    padding-inline: 8px;
    color: var(--_text);
  }
  .jump {
    position: absolute;
    inset-block-end: 10px;
    inset-inline: 0;
    inline-size: fit-content;
    margin-inline: auto;
    padding-inline: 12px 16px;
    border-color: transparent;
    border-radius: var(--_r-full);
    background: var(--_accent);
    color: var(--_on-accent);
    box-shadow: var(--_shadow-2);
  }
  .jump:hover {
    background: var(--_accent-strong);
  }
  /* The bar above says it there. */
  @media (max-width: 899px) {
    h2 {
      position: absolute;
      clip-path: inset(50%);
    }
  }
`;
