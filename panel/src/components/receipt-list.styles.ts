import { css } from 'lit';

export const receiptStyles = css`
  :host {
    margin-block: 10px -8px;
    border-block-start: 1px solid var(--_line);
  }
  .summary {
    inline-size: calc(100% + 16px);
    margin: 4px -8px 0;
    padding: 0 8px;
    justify-content: start;
    gap: 10px;
    font-weight: 500;
    text-align: start;
  }
  .faces {
    display: flex;
    flex: none;
  }
  .face {
    border-radius: 50%;
    box-shadow: 0 0 0 2px var(--_surface);
  }
  .face:not(.has) .avatar {
    background: var(--_surface-3);
    color: var(--_text-2);
  }
  .face + .face {
    margin-inline-start: -2px;
  }
  .text,
  .state {
    display: flex;
    align-items: center;
    gap: 5px;
  }
  .text {
    flex: 1;
    min-inline-size: 0;
  }
  .turn {
    flex: none;
    transition: rotate 160ms var(--_ease);
  }
  [aria-expanded='true'] .turn {
    rotate: 180deg;
  }
  #list {
    padding-block: 2px 10px;
  }
  #list[hidden] {
    display: none;
  }
  ul {
    max-block-size: 320px;
    overflow-y: auto;
    overscroll-behavior: contain;
  }
  li {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto auto;
    align-items: center;
    column-gap: 10px;
    min-block-size: 36px;
    font-size: var(--_text-s);
  }
  .name {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .bar {
    inline-size: 96px;
    block-size: 4px;
    overflow: hidden;
    border-radius: 2px;
    background: var(--_surface-3);
  }
  .bar span {
    display: block;
    block-size: 100%;
    border-radius: 2px;
    background: var(--_accent);
    transition: inline-size 400ms linear;
  }
  .state {
    grid-column: 4;
    justify-content: end;
    color: var(--_text-2);
    white-space: nowrap;
  }
  .text.live {
    color: var(--_text);
  }
  .good,
  .state.live {
    color: var(--_accent);
  }
  .state.good,
  .state.live {
    font-weight: 550;
  }
  .state.bad {
    color: var(--_danger);
  }
  .percent,
  time {
    font-variant-numeric: tabular-nums;
  }
  time {
    margin-inline-start: 3px;
    color: var(--_text-2);
    font-weight: 400;
  }
  .more {
    display: block;
    padding-block: 8px;
    color: var(--_text-2);
  }
  @container (max-width: 527px) {
    li {
      grid-template-columns: auto minmax(0, 1fr) auto;
      align-content: center;
      padding-block: 5px;
      line-height: 1.35;
    }
    .avatar {
      grid-row: 1 / 3;
    }
    .bar {
      grid-area: 1 / 3 / 3 / 4;
      inline-size: 72px;
    }
    .state {
      grid-column: 2;
      flex-wrap: wrap;
      justify-content: start;
      white-space: normal;
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
