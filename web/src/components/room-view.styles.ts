import { css } from 'lit';

/** The room fills the window, and its parts scroll; in a window too low for that, the page does. */
export const roomStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    block-size: 100dvh;
  }
  .top {
    flex: none;
    border-block-end: 1px solid var(--_line);
    background: var(--_surface);
  }
  main {
    display: grid;
    flex: 1;
    grid-template: minmax(0, 1fr) / minmax(0, 1fr);
    min-block-size: 0;
  }
  main > [hidden] {
    display: none;
  }
  aside {
    min-inline-size: 0;
    padding: 16px 20px calc(16px + env(safe-area-inset-bottom));
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
  }
  .notice {
    margin-block-end: 12px;
    padding: 10px 14px;
    border-radius: var(--_r-m);
    background: var(--_inverse);
    color: var(--_on-inverse);
    font-size: var(--_text-s);
    overflow-wrap: anywhere;
  }
  handout-panel {
    /* However wide the window, cards keep a width that is read at a glance. */
    --handout-padding: 16px max(16px, calc((100% - 820px) / 2)) calc(24px + env(safe-area-inset-bottom));
    min-inline-size: 0;
  }
  @media (min-width: 900px) {
    main {
      grid-template: fit-content(36%) minmax(0, 1fr) / minmax(0, 1fr) 340px;
      grid-template-areas: 'files people' 'files chat';
    }
    aside {
      grid-area: people;
      border-inline-start: 1px solid var(--_line);
      background: var(--_surface);
    }
    handout-panel {
      --handout-padding: 24px max(24px, calc((100% - 820px) / 2)) 32px;
      grid-area: files;
    }
    handout-chat-view {
      grid-area: chat;
      border-block-start: 1px solid var(--_line);
      border-inline-start: 1px solid var(--_line);
    }
  }
  @media (min-width: 1240px) {
    main {
      grid-template: 'people files chat' minmax(0, 1fr) / 288px minmax(0, 1fr) 360px;
    }
    aside {
      border-inline-start: 0;
      border-inline-end: 1px solid var(--_line);
      background: none;
    }
    handout-chat-view {
      border-block-start: 0;
    }
  }
  @media (max-height: 479px) {
    :host {
      block-size: auto;
      min-block-size: 100dvh;
    }
    handout-chat-view {
      block-size: max(100dvh, 320px);
    }
  }
`;
