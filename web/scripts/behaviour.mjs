// Drives the room of the gallery in a headless Chromium: ways in for files, recipients, keyboard, focus.
import assert from 'node:assert/strict';
import { openScene, withGallery } from './browser.mjs';

const TESTS = {
  async 'chosen files go to everyone by default'(page) {
    await page.getByTestId('file-input').setInputFiles([file('a.txt'), file('b.txt')]);
    assert.deepEqual(await sent(page), [{ to: 'room', files: ['a.txt', 'b.txt'] }]);
  },

  async 'a drop goes to the chosen people, a drop on a person to that person alone'(page) {
    await recipient(page, 'Ana Moreau').click();
    await drop(page, 'handout-room-view', [{ name: 'for ana.txt' }]);
    await drop(page, '[data-handout-to=kofi]', [{ name: 'for kofi.txt' }]);
    assert.deepEqual(await sent(page), [
      { to: ['ana'], files: ['for ana.txt'] },
      { to: ['kofi'], files: ['for kofi.txt'] },
    ]);
  },

  async 'when the only recipient leaves, nothing goes to everyone'(page) {
    await recipient(page, 'Ana Moreau').click();
    await inRoom(page, (room) => {
      const participant = room.participants.get('ana');
      room.participants.delete('ana');
      room.tell('participant-left', { participant });
    });
    await page.getByText('Choose who gets the files first.').waitFor();
    await drop(page, 'handout-room-view', [{ name: 'private.txt' }]);
    assert.equal((await page.getByTestId('toast').textContent()).trim(), 'Choose who gets the files first.');
    assert.deepEqual(await sent(page), []);
  },

  async 'empty files are refused and the others sent'(page) {
    await drop(page, 'handout-room-view', [{ name: 'empty.txt', text: '' }, { name: 'good.txt' }]);
    assert.equal((await page.getByTestId('toast').textContent()).trim(), '“empty.txt” is empty.');
    assert.deepEqual(await sent(page), [{ to: 'room', files: ['good.txt'] }]);
  },

  async 'a pasted picture is sent under a name of its own'(page) {
    await page.evaluate(() => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File(['x'], 'image.png', { type: 'image/png' }));
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    });
    const [{ files }] = await sent(page);
    assert.match(files[0], /^Pasted image \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.png$/);
  },

  async 'dragging shows where a drop would go, and leaving the window ends it'(page) {
    await drag(page, 'dragover', 'handout-room-view');
    await page.getByText('Drop to send to everyone').waitFor();
    await drag(page, 'dragover', '[data-handout-to=ana]');
    await page.getByText('Drop to send to Ana Moreau only').waitFor();
    await drag(page, 'dragleave', 'handout-room-view');
    await page.getByText('Drop to send to').waitFor({ state: 'detached' });
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

  async 'an interrupted upload takes its own file and no other'(page) {
    await inRoom(page, (room) => {
      const file = {
        ...room.files.values().next().value,
        id: 'sh_cut',
        name: 'cut.txt',
        size: 5,
        to: ['ana'],
        mine: true,
      };
      room.files.set('sh_cut', { ...file, state: 'uploading', offset: 2 });
      room.tell('file-added', { file });
    });
    const again = page.getByRole('button', { name: 'Choose the file again to go on from 40%' });
    const pick = async (chosen) => {
      const dialog = page.waitForEvent('filechooser');
      await again.click();
      await (await dialog).setFiles([chosen]);
    };
    await pick({ ...file('other.txt'), buffer: Buffer.from('something else') });
    await page.getByText('That is another file. Choose “cut.txt” to go on.').waitFor();
    assert.deepEqual(await sent(page), []);
    await pick(file('cut.txt'));
    assert.deepEqual(await sent(page), [{ to: ['ana'], files: ['cut.txt'] }]);
  },

  async 'a dialog that was dismissed leaves no recipient behind'(page) {
    const dialog = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Send files to Kofi Boateng' }).click();
    await dialog;
    await page.getByTestId('file-input').dispatchEvent('cancel');
    await page.getByTestId('file-input').setInputFiles([file('later.txt')]);
    assert.deepEqual(await sent(page), [{ to: 'room', files: ['later.txt'] }]);
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

  async 'withdrawing asks first and gives the focus back'(page) {
    const withdraw = page.getByRole('button', { name: 'Withdraw Salary bands.csv' });
    await withdraw.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('group', { name: 'Withdraw Salary bands.csv' }).waitFor();
    assert.equal(await focused(page), 'Keep');
    await page.keyboard.press('Escape');
    await withdraw.waitFor();
    assert.equal(await focused(page), 'Withdraw Salary bands.csv');
  },

  async 'the focus goes along when a card moves to another section'(page) {
    await page.getByRole('button', { name: 'Cancel Product film' }).focus();
    await inRoom(page, (room) => {
      const upload = room.transfers.find(({ kind }) => kind === 'upload');
      const own = [...room.files.values()].find(({ mine }) => mine);
      upload.file = { ...own, id: 'sh_new', name: upload.name, to: 'room' };
      upload.state = { kind: 'completed' };
      room.files.set('sh_new', upload.file);
      room.tell('file-added', { file: upload.file });
    });
    await page.getByTestId('section-everyone').locator('[data-name^="Product film"]').waitFor();
    await page.waitForFunction(() => document.activeElement !== document.body);
    const inside = await page
      .getByTestId('section-everyone')
      .locator('[data-name^="Product film"]')
      .evaluate((card) => card.shadowRoot.activeElement !== null);
    assert.ok(inside, 'the moved card has the focus');
  },

  async 'all files of a section are saved at once'(page) {
    await inRoom(page, (room) => {
      window.saved = [];
      for (const name of ['one.txt', 'two.txt']) {
        const file = {
          ...room.files.values().next().value,
          id: name,
          name,
          to: ['me'],
          save: () => window.saved.push(name),
        };
        room.files.set(name, file);
        room.tell('file-added', { file });
      }
    });
    await page.getByRole('button', { name: 'Save all 3: For you' }).click();
    assert.deepEqual(await page.evaluate(() => window.saved), ['one.txt', 'two.txt']);
  },

  async 'who has a file is a list that opens by keyboard and follows its receipts'(page) {
    const card = page.getByTestId('section-everyone').locator('[data-name="Q3 numbers.xlsx"]');
    const summary = card.getByRole('button', { name: '2 of 4 have it · 1 saving Q3 numbers.xlsx' });
    assert.equal(await summary.getAttribute('aria-expanded'), 'false');
    await summary.focus();
    await page.keyboard.press('Enter');
    const list = card.getByRole('list', { name: 'Recipients of Q3 numbers.xlsx' });
    assert.deepEqual(
      await list
        .getByRole('listitem')
        .evaluateAll((rows) => rows.map((row) => `${row.dataset.name}: ${row.dataset.state}`)),
      [
        'Zoë Wójcik: downloading',
        'Ana Moreau: received',
        'Kofi Boateng: received',
        'Sam Okafor-Lindqvist von Habsburg the Third: offered',
      ],
    );
    const bar = card.getByRole('progressbar', { name: 'Zoë Wójcik is saving Q3 numbers.xlsx' });
    assert.equal(await bar.getAttribute('aria-valuenow'), '62');
    await inRoom(page, (room) => {
      const file = [...room.files.values()].find(({ name }) => name === 'Q3 numbers.xlsx');
      for (const [id, receipt] of file.receipts) file.receipts.set(id, { ...receipt, state: 'received' });
      room.tell('receipts-changed', { file, receipts: [] });
    });
    await card.getByRole('button', { name: 'Everyone has it' }).waitFor();
    await page.keyboard.press('Space');
    await list.waitFor({ state: 'detached' });
  },

  async 'what is declined says so, and can be saved all the same'(page) {
    const card = page.locator('[data-testid=file-card][data-name="Agenda.docx"]');
    await inRoom(page, (room) => {
      window.asked = [];
      const file = [...room.files.values()].find(({ name }) => name === 'Agenda.docx');
      Object.assign(file, { save: () => window.asked.push('save'), decline: () => window.asked.push('decline') });
    });
    await card.getByRole('button', { name: 'Not for me: Agenda.docx' }).focus();
    await page.keyboard.press('Enter');
    await card.getByText('You declined this').waitFor();
    assert.equal(await card.getAttribute('data-state'), 'declined');
    await page.waitForFunction(() => document.activeElement !== document.body);
    await card.getByRole('button', { name: 'Save Agenda.docx' }).click();
    assert.deepEqual(await page.evaluate(() => window.asked), ['decline', 'save']);
    await card.getByRole('button', { name: 'Not for me: Agenda.docx' }).waitFor();
  },

  async 'a file is seen when its card is on screen in a window that is shown'(page) {
    await inRoom(page, (room) => {
      window.seen = new Set();
      for (const file of room.files.values()) file.markSeen = () => window.seen.add(file.name);
    });
    await page.setViewportSize({ width: 1440, height: 820 });
    await page.evaluate(() => window.scrollTo(0, 0));
    await inRoom(page, (room) => room.tell('file-changed', {}));
    await page.waitForFunction(() =>
      window.seen.has('Contract draft v7 with tracked changes from legal and finance.pdf'),
    );
    assert.ok(!(await page.evaluate(() => window.seen.has('Agenda.docx'))), 'what is below the fold was not seen');
    await page.locator('[data-name="Agenda.docx"]').scrollIntoViewIfNeeded();
    await page.waitForFunction(() => window.seen.has('Agenda.docx'));
  },

  async 'news come as toasts and the connection as a banner'(page) {
    await inRoom(page, (room) => {
      room.tell('files-offered', { files: [...room.files.values()].slice(0, 2) });
      room.state = { kind: 'reconnecting', since: 0 };
      room.tell('state', { state: room.state });
    });
    assert.equal((await page.getByTestId('toast').textContent()).trim(), 'Ana Moreau is sharing 2 files with everyone');
    await page.getByTestId('connection').getByText('Reconnecting.').waitFor();
    await page.getByRole('button', { name: 'Close notification' }).click();
    await page.getByTestId('toast').waitFor({ state: 'detached' });
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
    await failed.getByText('Not sent: something went wrong').waitFor();
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

await withGallery(async ({ browser, address }) => {
  for (const [name, test] of Object.entries(TESTS)) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
    await openScene(page, address, 'typical');
    try {
      await test(page);
    } catch (error) {
      throw new Error(`${name}: ${error.message}`, { cause: error });
    }
    await page.close();
  }
  console.log(`behaviour: ${Object.keys(TESTS).length} passed`);
});

function file(name) {
  return { name, mimeType: 'text/plain', buffer: Buffer.from('hello') };
}

function recipient(page, name) {
  return page.getByTestId('recipients').getByRole('button', { name });
}

/** Runs `change` on the room that the page shows. */
function inRoom(page, change) {
  return page.evaluate(`(${change})(document.querySelector('handout-room-view').room)`);
}

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

function sent(page) {
  return page.evaluate(() =>
    document
      .querySelector('handout-room-view')
      .room.sent.map(({ to, files }) => ({ to, files: files.map(({ name }) => name) })),
  );
}

function drop(page, selector, files) {
  return drag(page, 'drop', selector, files);
}

/** Fires a drag event that carries files on the first element that matches, through shadow roots. */
function drag(page, type, selector, files = [{ name: 'dragged.txt' }]) {
  return page
    .locator(selector)
    .first()
    .evaluate(
      (element, { eventType, contents }) => {
        const dataTransfer = new DataTransfer();
        for (const { name, text = 'hello' } of contents) dataTransfer.items.add(new File([text], name));
        element.dispatchEvent(
          new DragEvent(eventType, { dataTransfer, bubbles: true, composed: true, cancelable: true }),
        );
      },
      { eventType: type, contents: files },
    );
}

function asked(page) {
  return page.evaluate(() => document.querySelector('handout-room-view').room.asked);
}

/** Waits until what is called so has the focus. */
function until(page, name) {
  return page.waitForFunction(
    ([of, want]) => new Function(`return (${of})()`)() === want,
    [nameOfFocused.toString(), name],
  );
}

function focused(page) {
  return page.evaluate(nameOfFocused);
}

function nameOfFocused() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active?.getAttribute('aria-label') ?? active?.textContent?.trim();
}
