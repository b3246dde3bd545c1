import { html, type TemplateResult } from 'lit';
import { type FakeRoom, person, sharedFile } from './fake-room.js';
import { everyState, folders, ledgers, ME, PEOPLE, reconnecting, room, switchedOff, typical } from './rooms.js';

const NOOR = person('me', 'Noor Haddad');

const panel = (fake: FakeRoom) => html`<h1>Gallery</h1><handout-panel id="files" .room=${fake}></handout-panel>`;

function left(reason: string): FakeRoom {
  const made = room(PEOPLE);
  made.state = { kind: 'left', reason: reason as 'left' };
  return made;
}

function crowd(): FakeRoom {
  const made = typical();
  for (let at = 0; at < 40; at++) made.participants.set(`pt_${at}`, person(`pt_${at}`, `Participant ${at + 1}`));
  return made;
}

/** A token that says it is for a server that nobody runs: joining it takes as long as one looks. */
function unanswered(): string {
  const part = (value: object) => btoa(JSON.stringify(value)).replace(/=+$/, '');
  const claims = { room: 'rm_gallery', sub: 'pt_gallery', exp: 4_000_000_000 };
  return `${part({ alg: 'HS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** A panel beside a call, as an application has it: its own dark colours, a title, a list that scrolls in place. */
const call = () => html`<h1>Gallery</h1>
  <div class="call">
    <div class="tiles">${PEOPLE.map(({ id, name }) => html`<div class="tile" data-handout-to=${id}>${name}</div>`)}</div>
    <handout-panel id="files" theme="dark" drop="page" .room=${typical()} style="--handout-accent: #7dd3fc; --handout-on-accent: #082f49; --handout-background: #171c21">
      <h2 slot="header" style="margin: 0; padding: 14px 14px 0; font: 600 16px system-ui">Files</h2>
    </handout-panel>
  </div>`;

/** Every state that the panel can be in, by name. */
export const scenes: Readonly<Record<string, () => TemplateResult>> = {
  idle: () => html`<h1>Gallery</h1><handout-panel></handout-panel>`,
  joining: () =>
    html`<h1>Gallery</h1><handout-panel token=${unanswered()} server="http://127.0.0.1:9"></handout-panel>`,
  refused: () => html`<h1>Gallery</h1><handout-panel token="no token at all"></handout-panel>`,
  left: () => panel(left('room-ended')),
  replaced: () => panel(left('replaced')),
  alone: () => panel(room()),
  empty: () => panel(room(PEOPLE, NOOR)),
  slots: () =>
    html`<h1>Gallery</h1><handout-panel .room=${room([], NOOR)}>
      <p slot="header">Its own header</p>
      <button slot="empty-action" style="min-height: 44px">Invite</button>
      <p slot="footer">Its own footer</p>
    </handout-panel>`,
  typical: () => panel(typical()),
  states: () => panel(everyState()),
  folders: () => panel(folders()),
  question: () => panel(typical()),
  receipts: () => panel(ledgers()),
  toasts: () => panel(typical()),
  dragging: () => panel(typical()),
  'nobody-chosen': () => panel(room(PEOPLE, person('me', 'Noor Haddad', { grants: ['send', 'receive'] }))),
  crowd: () => panel(crowd()),
  reconnecting: () => panel(reconnecting()),
  'receive-only': () => panel(room(PEOPLE, person('me', 'Noor Haddad', { role: 'viewer', grants: ['receive'] }))),
  'sharing-off': () => panel(switchedOff(NOOR)),
  'sharing-off-host': () => panel(switchedOff()),
  themed: () =>
    html`<h1>Gallery</h1><handout-panel .room=${typical()} style="--handout-accent: light-dark(#6d28d9, #c4b5fd); --handout-on-accent: light-dark(#fff, #2e1065); --handout-radius: 4px; --handout-font: Georgia, serif"></handout-panel>`,
  call,
  narrow: () => html`<h1>Gallery</h1><handout-panel class="narrow" .room=${typical()}></handout-panel>`,
  two: () => html`<h1>Gallery</h1><div class="two">
      <handout-panel id="one" .room=${withFile('for one.txt')}></handout-panel>
      <handout-panel id="other" lang="de" .room=${withFile('for the other.txt')}></handout-panel>
    </div>
    <button type="button">Files <handout-badge for="one"></handout-badge></button>`,
};

function withFile(name: string): FakeRoom {
  const made = room(PEOPLE, ME);
  const file = sharedFile(name);
  made.files.set(file.id, file);
  return made;
}
