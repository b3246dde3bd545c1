import { css } from 'lit';

/** The frame of a modal dialog. */
export const dialogStyles = css`
  dialog {
    border: 1px solid var(--_line);
    border-radius: var(--_r-l);
    background: var(--_surface);
    color: var(--_text);
    box-shadow: var(--_shadow-3);
  }
  dialog::backdrop {
    background: rgb(8 14 12 / 50%);
  }
  h2 {
    font-size: var(--_text-l);
    font-weight: 650;
    line-height: 1.3;
    letter-spacing: -0.012em;
  }
`;

/** A press beside a dialog, which its own box does not hold, closes it. */
export function closeBeside(event: MouseEvent): void {
  if (event.target === event.currentTarget) (event.target as HTMLDialogElement).close();
}
