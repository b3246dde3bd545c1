// Drives the room of the gallery in a headless Chromium: people, the moderator's menu, drops on the page, the chat, leaving.
import assert from 'node:assert/strict';
import { asked, drop, file, focused, inRoom, recipient, runTests, sent, until } from '../../panel/scripts/drive.mjs';
import { openScene, withPages } from './gallery.mjs';

const TESTS = {
  async 'a drop anywhere goes to the chosen people, a drop on a person to that person alone'(page) {
    await recipient(page, 'Ana Moreau').click();
    await drop(page, 'handout-room-header', [{ name: 'for ana.txt' }]);
    await drop(page, 'handout-people-list [data-handout-to=kofi]', [{ name: 'for kofi.txt' }]);
    assert.deepEqual(await sent(page), [
      { to: ['ana'], files: ['for ana.txt'] },
      { to: ['kofi'], files: ['for kofi.txt'] },
    ]);
  },

  async 'recipients and a person are reached by keyboard'(page) {
    await recipient(page, 'Ana Moreau').focus();
    await page.keyboard.press('Space');
    assert.equal(await recipient(page, 'Ana Moreau').getAttribute('aria-pressed'), 'true');
    await page.getByRole('button', { name: 'Choose files for Ana Moreau' }).waitFor();
    const dialog = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Send files to Kofi Boateng' }).focus();
    await page.keyboard.press('Enter');
    await (await dialog).setFiles([file('kofi.txt')]);
    assert.deepEqual(await sent(page), [{ to: ['kofi'], files: ['kofi.txt'] }]);
  },

  async 'a person is removed by keyboard, after a question, and the focus is not lost'(page) {
    const menu = page.getByRole('button', { name: 'More for Ana Moreau' });
    await menu.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menu', { name: 'More for Ana Moreau' }).waitFor();
    await until(page, 'Withdraw all files');
    await page.keyboard.press('Escape');
    await until(page, 'More for Ana Moreau');
    await page.keyboard.press('Enter');
    await until(page, 'Withdraw all files');
    await page.keyboard.press('ArrowUp');
    await until(page, 'Remove from room');
    await page.keyboard.press('Enter');
    const question = page.getByRole('alertdialog', { name: 'Remove Ana Moreau?' });
    await until(page, 'Cancel');
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    await until(page, 'More for Ana Moreau');
    assert.deepEqual(await asked(page), []);

    await menu.click();
    await page.getByRole('menuitem', { name: 'Remove from room' }).click();
    await question.getByRole('checkbox', { name: 'Also withdraw all files they shared' }).check();
    await question.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Ana Moreau was removed from the room.').waitFor();
    assert.deepEqual(await asked(page), ['drop ana', 'revokeAll ana']);
    await until(page, 'More for Ana Moreau');
    await inRoom(page, (room) => {
      const participant = room.participants.get('ana');
      room.participants.delete('ana');
      room.tell('participant-left', { participant });
    });
    await menu.waitFor({ state: 'detached' });
    await page.waitForFunction(
      () =>
        document.querySelector('handout-room-view').shadowRoot.activeElement?.shadowRoot?.activeElement?.dataset
          .testid === 'participants',
    );
  },

  async 'all that a person shares is withdrawn, and what goes wrong is said'(page) {
    const withdraw = async () => {
      await page.getByRole('button', { name: 'More for Kofi Boateng' }).click();
      await page.getByRole('menuitem', { name: 'Withdraw all files' }).click();
      const question = page.getByRole('alertdialog', { name: 'Withdraw all files of Kofi Boateng?' });
      await question.getByRole('button', { name: 'Withdraw all' }).click();
      await question.waitFor({ state: 'detached' });
    };
    await withdraw();
    await page.getByText('What Kofi Boateng shared was withdrawn.').waitFor();
    assert.deepEqual(await asked(page), ['revokeAll kofi']);
    await inRoom(page, (room) => {
      room.moderate.revokeAll = () => Promise.reject(new Error('the network'));
    });
    await withdraw();
    await page.getByText('Something went wrong.').waitFor();
  },

  async 'only a moderator has the menu, and none for itself'(page) {
    assert.equal(await page.getByTestId('person-menu').count(), 4);
    await inRoom(page, (room) => {
      room.me = { ...room.me, grants: ['send', 'receive', 'sendToAll'] };
      room.tell('state', { state: room.state });
    });
    await page.getByTestId('person-menu').first().waitFor({ state: 'detached' });
    assert.equal(await page.getByTestId('send-to').count(), 4);
  },

  async 'leaving while files are being sent asks first'(page) {
    await page.getByRole('button', { name: 'Leave room' }).click();
    const question = page.getByRole('alertdialog', { name: 'Leave and stop sending?' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });
    await until(page, 'Leave room');
    await page.evaluate(() => {
      window.left = 0;
      document.querySelector('handout-room-view').addEventListener('leave-room', () => window.left++);
    });
    await page.keyboard.press('Enter');
    await question.getByRole('button', { name: 'Leave' }).click();
    await page.waitForFunction(() => window.left === 1);
  },

  async 'the chat is written and read by keyboard, and keeps markup and addresses what they are'(page) {
    await page.evaluate(() => {
      window.opened = [];
      document.addEventListener('click', (event) => window.opened.push(event.composedPath()[0].href));
    });
    await says(page, 'ana', 'see https://example.org/a. <img src=x onerror=window.opened.push(1)>');
    const message = page.getByTestId('chat-message');
    assert.equal(await message.getByRole('link').getAttribute('href'), 'https://example.org/a');
    assert.equal(await message.getByRole('link').getAttribute('rel'), 'noopener noreferrer');
    assert.match(await message.textContent(), /<img src=x onerror/);
    await page.getByTestId('chat-field').focus();
    await page.keyboard.type('two');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('lines');
    await page.keyboard.press('Enter');
    await page.getByTestId('chat-to').selectOption({ label: 'Kofi Boateng' });
    await page.getByTestId('chat-field').fill('psst');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('handout-room-view').room.said.length === 2);
    assert.deepEqual(await page.evaluate(() => document.querySelector('handout-room-view').room.said), [
      { body: 'two\nlines', to: 'room' },
      { body: 'psst', to: ['kofi'] },
    ]);
    await page
      .locator('[data-testid=chat-message][data-state=sent]')
      .last()
      .getByText('only to Kofi Boateng')
      .waitFor();
    assert.equal(await focused(page), 'Message to Kofi Boateng only');
    assert.deepEqual(await page.evaluate(() => window.opened), []);
  },

  async 'nothing goes to everyone in place of who has left, nor what is too long, nor while the network is away'(page) {
    const field = page.getByTestId('chat-field');
    const problem = page.getByTestId('chat-problem');
    await page.getByTestId('chat-to').selectOption({ label: 'Kofi Boateng' });
    await field.fill('secret');
    await inRoom(page, (room) => {
      const participant = room.participants.get('kofi');
      room.participants.delete('kofi');
      room.tell('participant-left', { participant });
    });
    await problem.getByText('Kofi Boateng has left.').waitFor();
    await field.press('Enter');
    await page.getByTestId('chat-to').selectOption({ label: 'Everyone' });
    await field.fill('x'.repeat(20_000));
    await problem.getByText('The message is too long, by').waitFor();
    await field.press('Enter');
    await inRoom(page, (room) => {
      room.state = { kind: 'reconnecting', since: 0 };
      room.tell('state', { state: room.state });
    });
    await field.fill('later');
    await field.press('Enter');
    await page.getByTestId('chat-message').getByText('Waiting for the network').waitFor();
    assert.deepEqual(await page.evaluate(() => document.querySelector('handout-room-view').room.said), []);
    await inRoom(page, (room) => {
      room.state = { kind: 'connected' };
      room.tell('state', { state: room.state });
    });
    await page.locator('[data-testid=chat-message][data-state=sent]').waitFor();
  },

  async 'a failed message is sent again or removed in place, and what came meanwhile is marked'(page) {
    await inRoom(page, (room) => {
      room.sendMessage = async () => {
        throw new Error('refused');
      };
    });
    await page.getByTestId('chat-field').fill('hello');
    await page.keyboard.press('Enter');
    const failed = page.locator('[data-testid=chat-message][data-state=failed]');
    await failed.getByText('Not sent. Something went wrong.').waitFor();
    await failed.getByRole('button', { name: 'Remove' }).click();
    await failed.waitFor({ state: 'detached' });
    for (let n = 0; n < 30; n++) await says(page, 'ana', `line ${n}\n\n`);
    await page.getByText('line 29').waitFor();
    await page.getByTestId('chat-log').evaluate((log) => {
      log.scrollTop = 0;
    });
    await page.waitForFunction(() => document.title === 'weekly-review · Handout');
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await says(page, 'ana', 'new one');
    assert.equal(await page.title(), '(1) weekly-review · Handout');
    await page.getByRole('button', { name: '1 new message' }).click();
    await page.getByText('New', { exact: true }).waitFor();
    await page.waitForFunction(() => document.title === 'weekly-review · Handout');
  },

  async 'on a narrow screen the parts of the room are chosen, and say what is new in them'(page) {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByTestId('part-files').waitFor();
    assert.equal(await page.getByTestId('chat-field').isVisible(), false);
    await says(page, 'ana', 'hello');
    await page.getByRole('button', { name: 'Chat 1 new' }).click();
    await page.getByText('hello').waitFor();
    await page.getByRole('button', { name: 'Chat', exact: true }).waitFor();
    await page.waitForFunction(
      () => document.querySelector('handout-room-view').renderRoot.querySelector('handout-panel').hidden,
    );
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await inRoom(page, (room) => room.tell('files-offered', { files: [...room.files.values()].slice(0, 2) }));
    await page.getByRole('button', { name: 'Files 2 new' }).waitFor();
    await page.getByTestId('part-people').click();
    await inRoom(page, (room) => {
      room.moderate.revokeAll = async () => {
        throw new Error('refused');
      };
    });
    await page.getByRole('button', { name: 'More for Ana Moreau' }).click();
    await page.getByRole('menuitem', { name: 'Withdraw all files' }).click();
    await page.getByTestId('question').getByRole('button', { name: 'Withdraw' }).click();
    await page.getByRole('status').getByText('Something went wrong.').waitFor();
    await page.getByTestId('part-files').click();
    await page.getByRole('button', { name: 'Files', exact: true }).waitFor();
  },

  async 'others are invited by a code, a copy or the system, and the focus comes back'(page) {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.evaluate(() => {
      window.shared = [];
      navigator.share = async (data) => window.shared.push(data);
    });
    await page.getByTestId('invite-button').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('img', { name: 'QR code of the invite link' }).waitFor();
    assert.equal(
      await page.getByTestId('qr').evaluate((code) => getComputedStyle(code).backgroundColor),
      'rgb(255, 255, 255)',
    );
    assert.equal(await focused(page), 'Copy link');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(
      await page.evaluate(() => navigator.clipboard.readText()),
      'https://files.example.org/?room=weekly-review',
    );
    await page.getByTestId('share-link').click();
    assert.deepEqual(await page.evaluate(() => window.shared), [
      { title: 'weekly-review', url: 'https://files.example.org/?room=weekly-review' },
    ]);
    await page.keyboard.press('Escape');
    await page.getByTestId('qr').waitFor({ state: 'detached' });
    await until(page, 'Invite');
  },
};

await withPages(({ browser, address }) =>
  runTests('the page', TESTS, async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
    await openScene(page, address, 'typical');
    return page;
  }),
);

function says(page, id, body) {
  return page.evaluate(
    ([from, text]) => {
      const { room } = document.querySelector('handout-room-view');
      const sender = { id: from, name: room.participants.get(from).name };
      room.tell('message', { kind: 'text', sender, to: 'room', body: text, time: new Date() });
    },
    [id, body],
  );
}
