import { css } from 'lit';

export const roomStyles = css`
  .top {
    position: sticky;
    z-index: 10;
    inset-block-start: 0;
    border-block-end: 1px solid var(--line);
    background: var(--surface);
  }
  .connection p {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: 10px;
    padding: 9px 20px;
    border-block-start: 1px solid var(--warn-line);
    background: var(--warn-soft);
    color: var(--warn);
    font-size: var(--text-s);
  }
  .turn {
    animation: turn 1s linear infinite;
  }
  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }
  main {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
    max-inline-size: 1128px;
    margin-inline: auto;
    padding: 16px 16px calc(32px + env(safe-area-inset-bottom));
  }
  aside {
    min-inline-size: 0;
  }
  .files {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    gap: 20px;
    min-inline-size: 0;
  }
  .note {
    padding: 16px 20px;
    border: 1px solid var(--line);
    border-radius: var(--r-l);
    background: var(--surface);
    color: var(--text-2);
  }
  .expiry {
    display: flex;
    gap: 8px;
    color: var(--text-2);
    font-size: var(--text-xs);
    text-wrap: pretty;
  }
  .expiry svg {
    margin-block-start: 1px;
  }
  .expiry.wide {
    display: none;
  }
  .expiry.narrow {
    padding-block-start: 8px;
  }
  @media (min-width: 900px) {
    main {
      grid-template-columns: minmax(0, 1fr) 264px;
      gap: 40px;
      padding: 28px 24px 56px;
    }
    aside {
      position: sticky;
      inset-block-start: 85px;
      order: 1;
      align-self: start;
      max-block-size: calc(100dvh - 110px);
      overflow-y: auto;
      margin: -8px;
      padding: 8px 12px;
    }
    .files {
      gap: 20px;
    }
    .expiry.wide {
      display: flex;
      margin-block-start: 20px;
      padding-block-start: 16px;
      border-block-start: 1px solid var(--line);
    }
    .expiry.narrow {
      display: none;
    }
  }
`;
