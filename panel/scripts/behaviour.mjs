// Drives the panel of the gallery in a headless Chromium: ways in for files, recipients, keyboard, focus.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { drag, drop, file, focused, inRoom, recipient, runTests, sent } from './drive.mjs';
import { show, withPanels } from './gallery.mjs';

const TESTS = {
  async 'chosen files go to everyone by default'(page) {
    await page.getByTestId('file-input').setInputFiles([file('a.txt'), file('b.txt')]);
    assert.deepEqual(await sent(page), [{ to: 'room', files: ['a.txt', 'b.txt'] }]);
  },

  async 'a drop goes to the chosen people, a drop on a person to that person alone'(page) {
    await recipient(page, 'Ana Moreau').click();
    await drop(page, 'handout-panel', [{ name: 'for ana.txt' }]);
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
    await drop(page, 'handout-panel', [{ name: 'private.txt' }]);
    assert.equal((await page.getByTestId('toast').textContent()).trim(), 'Choose who gets the files first.');
    assert.deepEqual(await sent(page), []);
  },

  async 'empty files are refused and the others sent'(page) {
    await drop(page, 'handout-panel', [{ name: 'empty.txt', text: '' }, { name: 'good.txt' }]);
    assert.equal((await page.getByTestId('toast').textContent()).trim(), '“empty.txt” is empty.');
    assert.deepEqual(await sent(page), [{ to: 'room', files: ['good.txt'] }]);
  },

  async 'a pasted picture is sent under a name of its own'(page) {
    await page.evaluate(() => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File(['x'], 'image.png', { type: 'image/png' }));
      document
        .querySelector('handout-panel')
        .dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    });
    const [{ files }] = await sent(page);
    assert.match(files[0], /^Pasted image \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.png$/);
  },

  async 'dragging shows where a drop would go, and leaving the panel ends it'(page) {
    await drag(page, 'dragover', 'handout-panel');
    await page.getByText('Drop to send to everyone').waitFor();
    await drag(page, 'dragover', '[data-handout-to=ana]');
    await page.getByText('Drop to send to Ana Moreau only').waitFor();
    await drag(page, 'dragleave', 'handout-panel');
    await page.getByText('Drop to send to').waitFor({ state: 'detached' });
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

  async 'a dialog for one person, dismissed, leaves no recipient behind'(page) {
    const dialog = page.waitForEvent('filechooser');
    await page.evaluate(() => document.querySelector('handout-panel').pick({ to: ['kofi'] }));
    await dialog;
    await page.getByTestId('file-input').dispatchEvent('cancel');
    await page.getByTestId('file-input').setInputFiles([file('later.txt')]);
    assert.deepEqual(await sent(page), [{ to: 'room', files: ['later.txt'] }]);
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

  async 'what is open in a card or a folder stays open when it moves to another section'(page) {
    await inRoom(page, (room) => {
      const upload = room.transfers.find(({ kind }) => kind === 'upload');
      const own = [...room.files.values()].find(({ name }) => name === 'Q3 numbers.xlsx');
      const begin = (name, more) => {
        const file = { ...own, id: `sh_${name}`, name, state: 'uploading', ...more };
        room.files.set(file.id, file);
        return file;
      };
      upload.file = begin(upload.name);
      for (const name of ['ground floor.pdf', 'roof.pdf']) begin(name, { path: 'Plans' });
      room.tell('file-added', { file: upload.file });
    });
    const who = (section) =>
      page.getByTestId(section).locator('[data-name^="Product film"]').getByTestId('receipts-summary');
    const folder = (section) => page.getByTestId(section).getByRole('button', { name: '2 files in Plans' });
    await who('section-sending').click();
    await folder('section-sending').click();
    await inRoom(page, (room) => {
      for (const file of room.files.values()) file.state = 'available';
      room.tell('file-changed', {});
    });
    for (const one of [who('section-everyone'), folder('section-everyone')])
      assert.equal(await one.getAttribute('aria-expanded'), 'true');
    await page.getByRole('list', { name: 'Recipients of Product film' }).getByText('Ana Moreau').waitFor();
    await page.locator('[data-name="roof.pdf"]').waitFor();
    await who('section-everyone').click();
    await page.getByRole('list', { name: 'Recipients of Product film' }).waitFor({ state: 'detached' });
  },

  async 'all files of a section are saved as one archive'(page) {
    await inRoom(page, (room) => {
      delete window.showSaveFilePicker; // nobody chooses where to
      window.released = [];
      const download = (name) => ({
        kind: 'download',
        state: { kind: 'completed' },
        progress: { transferred: 3, total: 3, rate: 0 },
        size: 3,
        done: Promise.resolve(new File(['abc'], name)),
        release: () => window.released.push(name),
      });
      const [first] = room.files.values();
      for (const name of ['one.txt', 'two.txt']) room.files.set(name, { ...first, id: name, name, to: ['me'] });
      for (const file of room.files.values()) file.download = () => download(file.name);
      room.tell('file-added', { file: first });
    });
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save all 3: For you' }).click();
    const archive = await saving;
    assert.match(archive.suggestedFilename(), /^Files from .*\.zip$/);
    const text = readFileSync(await archive.path(), 'latin1');
    for (const name of ['one.txt', 'two.txt']) assert.ok(text.includes(name), name);
    assert.equal((await page.evaluate(() => window.released)).length, 3);
    await page.getByText('is saved: 3 of 3 files').waitFor();
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

  async 'a sentence keeps its direction, whatever that of the name is that it begins with'(page) {
    await inRoom(page, (room) => {
      room.participants.set('ana', { ...room.participants.get('ana'), name: 'نور' });
      const file = [...room.files.values()].find(({ name }) => name === 'Salary bands.csv');
      for (const id of file.receipts.keys()) if (id !== 'ana') file.receipts.delete(id);
      room.tell('receipts-changed', { file, receipts: [] });
    });
    const sentence = page.locator('[data-name="Salary bands.csv"]').getByText('\u2068نور\u2069 has it');
    assert.equal(await sentence.evaluate((text) => getComputedStyle(text).direction), 'ltr');
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
    await page.setViewportSize({ width: 1440, height: 760 });
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
};

await withPanels(({ open }) =>
  runTests('the panel', TESTS, async () => {
    const page = await open({ width: 1440, height: 900 });
    await show(page, 'typical');
    return page;
  }),
);
