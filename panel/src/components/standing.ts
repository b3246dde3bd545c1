import type { LeaveReason } from '@handout/sdk';
import { css, html, nothing, type TemplateResult } from 'lit';
import { CircleAlert, DoorClosed, type IconNode, LoaderCircle, MonitorX, UserX, WifiOff } from 'lucide';
import type { Standing } from '../membership.js';
import { joinFaultText } from '../model/wording.js';
import { icon } from './icon.js';

/** What is said of a room that was left, and what helps. */
interface Ending {
  readonly picture: IconNode;
  readonly text: string;
  readonly verb?: string;
}

const ENDINGS: Readonly<Record<LeaveReason, Ending>> = {
  left: { picture: DoorClosed, text: 'You left the room.', verb: 'Join again' },
  replaced: { picture: MonitorX, text: 'You are in this room in another window.', verb: 'Use this window' },
  'room-ended': { picture: DoorClosed, text: 'The room has ended. Its files were deleted.' },
  dropped: { picture: UserX, text: 'You were removed from the room.' },
  unauthenticated: { picture: CircleAlert, text: 'Your invitation has expired.', verb: 'Try again' },
  'room-full': { picture: CircleAlert, text: 'The room is full.', verb: 'Try again' },
  'connection-lost': { picture: WifiOff, text: 'The server cannot be reached.', verb: 'Reconnect' },
};

/** What the panel shows while it is in no room: what goes on, or what went wrong and a way to go on. */
export function standing(now: Standing, again: () => void): TemplateResult | typeof nothing {
  switch (now.kind) {
    case 'joining':
      return html`<div class="standing" role="status" data-testid="joining"><span class="turn">${icon(LoaderCircle, 24)}</span><p>Joining the room…</p></div>`;
    case 'refused':
      return trouble(CircleAlert, joinFaultText(now.fault), 'refused', again, 'Try again');
    case 'left': {
      const { picture, text, verb } = ENDINGS[now.reason];
      return trouble(picture, text, now.reason, now.own ? again : undefined, verb);
    }
    default:
      return nothing;
  }
}

function trouble(picture: IconNode, text: string, reason: string, again?: () => void, verb?: string): TemplateResult {
  return html`<div class="standing" data-testid="standing" data-reason=${reason}>
    <span class="picture">${icon(picture, 24)}</span>
    <p role="alert">${text}</p>
    ${again === undefined || verb === undefined ? nothing : html`<button @click=${again}>${verb}</button>`}
  </div>`;
}

export const standingStyles = css`
  .standing {
    display: grid;
    justify-items: center;
    gap: 14px;
    padding: 40px 16px;
    text-align: center;
    text-wrap: balance;
  }
  .standing .turn {
    margin: 0;
    color: var(--_accent);
  }
  .standing .picture {
    display: grid;
    place-items: center;
    inline-size: 52px;
    block-size: 52px;
    border-radius: 50%;
    background: var(--_surface);
    color: var(--_accent);
    box-shadow: var(--_shadow-1);
  }
`;
