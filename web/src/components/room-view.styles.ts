import { css } from 'lit';

export const roomStyles = css`
  .top {
    position: sticky;
    z-index: 10;
    inset-block-start: 0;
    border-block-end: 1px solid var(--_line);
    background: var(--_surface);
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
  handout-panel {
    --handout-padding: 0;
    --handout-inset-top: 73px;
    min-inline-size: 0;
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
  }
`;
