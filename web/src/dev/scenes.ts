import { type FakeRoom, PEOPLE, room, typical } from '@handout/panel/dev';
import { html, type TemplateResult } from 'lit';

const LINK = 'https://files.example.org/?room=weekly-review';

/** What was said, before anybody looked at it. */
function chatting(): FakeRoom {
  const made = typical();
  const say = (id: string, body: string, to: 'room' | string[] = 'room') => {
    const sender = { id, name: made.participants.get(id)?.name ?? '' };
    made.tell('message', { kind: 'text', sender, to, body, time: new Date('2026-03-04T10:02:00Z') });
  };
  setTimeout(() => {
    say('ana', 'Good morning! The numbers are in the sheet.');
    say('ana', 'See https://example.org/reports/2026/q3?view=all#summary (also on the wall).');
    say('kofi', 'صباح الخير، الملف جاهز للمراجعة الآن');
    say('zoe', 'Only for your eyes: the second page is not final.', ['me']);
    say('sam', `A${'very'.repeat(40)}longword, and then <b>some</b> markup`);
  });
  return made;
}

const view = (fake: FakeRoom) => html`<handout-room-view .room=${fake} .link=${LINK}></handout-room-view>`;

/** Every state that the page can be in, by name. Those of the files are the panel's (../panel/src/dev/scenes.ts). */
export const scenes: Readonly<Record<string, () => TemplateResult>> = {
  join: () => html`<handout-join-screen></handout-join-screen>`,
  'join-problem': () =>
    html`<handout-join-screen .room=${'weekly-review'} .name=${'Noor'} .problem=${'The server cannot be reached. Check your connection and try again.'}></handout-join-screen>`,
  alone: () => view(room()),
  typical: () => view(typical()),
  'person-menu': () => view(room(PEOPLE)),
  removal: () => view(room(PEOPLE)),
  chat: () => view(chatting()),
  invite: () => view(typical()),
  replaced: () => html`<handout-ended-screen .reason=${'replaced'}></handout-ended-screen>`,
  'room-ended': () => html`<handout-ended-screen .reason=${'room-ended'}></handout-ended-screen>`,
  dropped: () => html`<handout-ended-screen .reason=${'dropped'}></handout-ended-screen>`,
  'dropped-invited': () => html`<handout-ended-screen .reason=${'dropped'} .invited=${true}></handout-ended-screen>`,
  'connection-lost': () => html`<handout-ended-screen .reason=${'connection-lost'}></handout-ended-screen>`,
};
