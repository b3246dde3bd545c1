import type { LeaveReason } from '@handout/sdk';
import { css, html, nothing, type TemplateResult } from 'lit';
import { CircleAlert, DoorClosed, type IconNode, LoaderCircle, MonitorX, UserX, WifiOff } from 'lucide';
import type { Standing } from '../membership.js';
import type { Words } from '../messages/words.js';
import { joinFaultText } from '../model/wording.js';
import { icon } from './icon.js';

/** What is said of a room that was left, and what helps. */
interface Ending {
  readonly picture: IconNode;
  readonly verb?: 'room.join-again' | 'room.use-here' | 'room.reconnect' | 'try-again';
}

const ENDINGS: Readonly<Record<LeaveReason, Ending>> = {
  left: { picture: DoorClosed, verb: 'room.join-again' },
  replaced: { picture: MonitorX, verb: 'room.use-here' },
  'room-ended': { picture: DoorClosed },
  dropped: { picture: UserX },
  unauthenticated: { picture: CircleAlert, verb: 'try-again' },
  'room-full': { picture: CircleAlert, verb: 'try-again' },
  'connection-lost': { picture: WifiOff, verb: 'room.reconnect' },
};

/** What the panel shows while it is in no room: what goes on, or what went wrong and a way to go on. */
export function standing(now: Standing, words: Words, again: () => void): TemplateResult | typeof nothing {
  switch (now.kind) {
    case 'joining':
      return html`<div class="standing" role="status" data-testid="joining"><span class="turn">${icon(LoaderCircle, 24)}</span><p>${words.text('room.joining')}</p></div>`;
    case 'refused':
      return trouble(CircleAlert, joinFaultText(now.fault, words), 'refused', again, words.text('try-again'));
    case 'left': {
      const { picture, verb } = ENDINGS[now.reason];
      const help = now.own ? again : undefined;
      return trouble(picture, words.text(`room.${now.reason}`), now.reason, help, verb && words.text(verb));
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
