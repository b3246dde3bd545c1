import { css, html, type TemplateResult } from 'lit';
import { hue, initials } from '../model/people.js';

/** A round badge with a person's initials. The name stands beside it, so it is hidden from screen readers. */
export function avatar(id: string, name: string, size: 's' | 'm' = 'm'): TemplateResult {
  return html`<span class="avatar ${size} hue-${hue(id)}" aria-hidden="true">${initials(name)}</span>`;
}

export const avatarStyles = css`
  .avatar {
    display: inline-grid;
    place-items: center;
    flex: none;
    inline-size: 36px;
    block-size: 36px;
    border-radius: 50%;
    background: light-dark(hsl(var(--hue) 52% 88%), hsl(var(--hue) 34% 26%));
    color: light-dark(hsl(var(--hue) 62% 22%), hsl(var(--hue) 72% 86%));
    font-size: 0.8125rem;
    font-weight: 650;
    letter-spacing: 0.01em;
    user-select: none;
  }
  .avatar.s {
    inline-size: 22px;
    block-size: 22px;
    font-size: 0.5625rem;
    letter-spacing: 0;
  }
  .hue-0 { --hue: 162; }
  .hue-1 { --hue: 210; }
  .hue-2 { --hue: 262; }
  .hue-3 { --hue: 330; }
  .hue-4 { --hue: 14; }
  .hue-5 { --hue: 38; }
  .hue-6 { --hue: 88; }
  .hue-7 { --hue: 232; }
`;
