// Drives the panel as an element of somebody's application: styles, languages, unread files, coming and going, two at once.
import assert from 'node:assert/strict';
import { drag, drop, focused, inRoom, runTests, sent } from './drive.mjs';
import { show, withPanels } from './gallery.mjs';

const TESTS = {
  async 'a chip is a person: a drop on it goes to that person'(page) {
    await show(page, 'typical');
    const chip = '[data-testid=recipients] [data-name="Kofi Boateng"]';
    await drag(page, 'dragover', chip);
    await page.getByText('Drop to send to Kofi Boateng only').waitFor();
    await drop(page, chip, [{ name: 'for kofi.txt' }]);
    assert.deepEqual(await sent(page), [{ to: ['kofi'], files: ['for kofi.txt'] }]);
  },

  async 'with Tab everything is reached, in the order in which it is read'(page) {
    for (const [dir, lang] of [
      ['ltr', 'en'],
      ['rtl', 'ar'],
    ]) {
      await show(page, 'typical', { dir, lang });
      const wanted = await page.evaluate(tabStops);
      const reached = [];
      for (let at = 0; at < wanted.length; at++) {
        await page.keyboard.press('Tab');
        reached.push(await focused(page));
      }
      assert.deepEqual(reached, wanted);
    }
  },

  async 'what the application says of its text does not reach into the panel'(page) {
    await show(page, 'slots');
    const [inside, outside] = await page.evaluate(() => {
      const panel = document.querySelector('handout-panel');
      const inner = panel.shadowRoot
        .querySelector('handout-send-panel')
        .shadowRoot.querySelector('[data-testid=choose-files]');
      const { fontStyle, textTransform, backgroundColor } = getComputedStyle(inner);
      const slotted = getComputedStyle(panel.querySelector('[slot=empty-action]'));
      return [
        [fontStyle, textTransform, backgroundColor === 'rgb(255, 0, 0)'],
        [slotted.textTransform, slotted.backgroundColor, slotted.getPropertyValue('--bg')],
      ];
    });
    assert.deepEqual(inside, ['normal', 'none', false]);
    assert.deepEqual(outside, ['uppercase', 'rgb(255, 0, 0)', 'hotpink']);
  },

  async 'a theme of its own is drawn whatever the system says'(page) {
    await show(page, 'typical');
    const background = () =>
      page.evaluate(() => getComputedStyle(document.querySelector('handout-panel')).backgroundColor);
    const light = await background();
    await page.evaluate(() => document.querySelector('handout-panel').setAttribute('theme', 'dark'));
    const dark = await background();
    assert.notEqual(dark, light);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.evaluate(() => document.querySelector('handout-panel').setAttribute('theme', 'light'));
    assert.equal(await background(), light);
    await page.evaluate(() => document.querySelector('handout-panel').removeAttribute('theme'));
    assert.equal(await background(), dark);
  },

  async 'it speaks the language of where it is, and learns one'(page) {
    await show(page, 'typical');
    await page.evaluate(() => {
      document.documentElement.lang = 'de';
    });
    await page.getByRole('button', { name: 'Dateien für alle auswählen' }).waitFor();
    await page.evaluate(() => document.querySelector('handout-panel').setAttribute('lang', 'ar'));
    await page.getByRole('button', { name: 'اختيار ملفات إلى' }).waitFor();
    await page.evaluate(() => {
      window.registerMessages('fr', { 'send.choose.for': 'Choisir des fichiers pour {who}', 'who.everyone': 'tous' });
      document.querySelector('handout-panel').setAttribute('lang', 'fr-CA');
    });
    await page.getByRole('button', { name: 'Choisir des fichiers pour tous' }).waitFor();
    await page.evaluate(() => document.querySelector('handout-panel').setAttribute('lang', 'no language'));
    await page.getByRole('button', { name: 'Choose files for everyone' }).waitFor();
  },

  async 'what nobody looks at is counted, in the badge as well'(page) {
    await show(page, 'two');
    await page.evaluate(() => {
      window.counts = [];
      document.addEventListener('handout-unread', ({ detail }) => window.counts.push(detail.count));
      document.querySelector('#one').hidden = true;
    });
    await page.waitForFunction(() => {
      const panel = document.querySelector('#one');
      if (panel.unread === 0) panel.room.tell('files-offered', { files: [...panel.room.files.values()] });
      return panel.unread > 0;
    });
    const count = await page.evaluate(() => document.querySelector('#one').unread);
    const name = count === 1 ? '1 new file' : `${count} new files`;
    await page.getByRole('img', { name }).waitFor();
    await page.evaluate(() => {
      document.querySelector('#one').hidden = false;
    });
    await page.getByRole('img', { name }).waitFor({ state: 'detached' });
    assert.deepEqual(await page.evaluate(() => [window.counts.at(-1), document.querySelector('#one').unread]), [0, 0]);
  },

  async 'of two panels each takes what is dropped on it, and shows its own files'(page) {
    await show(page, 'two');
    await page.evaluate(() => {
      document.querySelector('#one').drop = 'page';
    });
    await drop(page, '#other', [{ name: 'b.txt' }]);
    await drop(page, 'h1', [{ name: 'a.txt' }]);
    assert.deepEqual(await sent(page, '#one'), [{ to: 'room', files: ['a.txt'] }]);
    assert.deepEqual(await sent(page, '#other'), [{ to: 'room', files: ['b.txt'] }]);
    await page.locator('#one').locator('[data-name="for one.txt"]').waitFor();
    await page.locator('#other').getByRole('button', { name: 'for the other.txt speichern' }).waitFor();
  },

  async 'taken out it listens to nothing, put back it goes on'(page) {
    await show(page, 'typical');
    const { listeners, taken } = await page.evaluate(async () => {
      const panel = document.querySelector('handout-panel');
      const { room } = panel;
      window.panel = panel;
      panel.remove();
      await Promise.resolve();
      const taken = panel.room === room;
      document.body.dispatchEvent(new DragEvent('dragover', { bubbles: true, cancelable: true }));
      return { listeners: room.listening, taken };
    });
    assert.deepEqual([listeners, taken], [0, true]);
    await page.evaluate(() => {
      const { panel } = window;
      const file = { ...panel.room.files.values().next().value, id: 'sh_later', name: 'meanwhile.txt' };
      panel.room.files.set(file.id, file);
      document.querySelector('main').append(panel);
    });
    await page.locator('[data-name="meanwhile.txt"]').waitFor();
    await inRoom(page, (room) => room.tell('file-changed', {}));
    assert.ok((await inRoom(page, (room) => room.listening)) > 0);
  },

  async 'the recipients are a property, and its changes events'(page) {
    await show(page, 'typical');
    const said = await page.evaluate(() => {
      const panel = document.querySelector('handout-panel');
      const told = [];
      panel.addEventListener('handout-recipients', ({ detail }) => told.push(detail.to));
      panel.to = ['ana', 'kofi'];
      panel.setAttribute('to', 'zoe');
      panel.to = 'room';
      panel.send([new File(['x'], 'by hand.txt')], { to: ['zoe'] });
      panel.send([new File(['x'], 'to all.txt')]);
      return told;
    });
    assert.deepEqual(said, [['ana', 'kofi'], ['zoe'], 'room']);
    assert.deepEqual(await sent(page), [
      { to: ['zoe'], files: ['by hand.txt'] },
      { to: 'room', files: ['to all.txt'] },
    ]);
  },

  async 'what becomes of transfers is told once each'(page) {
    await show(page, 'typical');
    const said = await page.evaluate(() => {
      const panel = document.querySelector('handout-panel');
      const told = [];
      for (const type of ['sent', 'received', 'failed'])
        document.addEventListener(`handout-${type}`, ({ detail }) =>
          told.push([type, (detail.upload ?? detail.download ?? detail.transfer).name, detail.error?.code]),
        );
      const [upload] = panel.room.transfers.filter(({ kind }) => kind === 'upload');
      const [download] = panel.room.transfers.filter(
        ({ kind, state }) => kind === 'download' && state.kind === 'running',
      );
      const become = (transfer, state) => {
        transfer.state = state;
        panel.room.tell('transfer-changed', { transfer });
        panel.room.tell('transfer-changed', { transfer });
      };
      become(upload, { kind: 'failed', error: { code: 'network' } });
      become(upload, { kind: 'running' });
      become(upload, { kind: 'completed' });
      become(download, { kind: 'completed' });
      return told;
    });
    assert.deepEqual(said, [
      ['failed', 'Product film, final cut (graded).mov', 'network'],
      ['sent', 'Product film, final cut (graded).mov', undefined],
      ['received', 'Photos from the opening.zip', undefined],
    ]);
  },

  async 'a token that is none is said in place, and another one is tried'(page) {
    await show(page, 'refused');
    const standing = page.getByTestId('standing');
    await standing.getByText('Your invitation is not valid, or no longer.').waitFor();
    const codes = page.evaluate(
      () =>
        new Promise((done) => {
          const codes = [];
          document.addEventListener(
            'handout-refused',
            ({ detail }) => codes.push(detail.error.code) === 2 && done(codes),
          );
        }),
    );
    await standing.getByRole('button', { name: 'Try again' }).click();
    await standing.getByRole('button', { name: 'Try again' }).waitFor();
    await page.evaluate(() => document.querySelector('handout-panel').setAttribute('token', 'another that is none'));
    assert.deepEqual(await codes, ['unauthenticated', 'unauthenticated']);
    await page.evaluate(() => document.querySelector('handout-panel').removeAttribute('token'));
    await standing.waitFor({ state: 'detached' });
  },
};

/** What can be reached with Tab, in the order of the flat tree, by the names that `focused` gives. */
function tabStops() {
  const stops = [];
  const walk = (node) => {
    if (node.nodeType !== 1) return;
    if (getComputedStyle(node).display === 'none') return;
    if (node.matches('button, select, [tabindex="0"]'))
      stops.push(node.getAttribute('aria-label') ?? node.textContent.trim());
    const children =
      node.shadowRoot?.childNodes ??
      (node.localName === 'slot' ? node.assignedNodes({ flatten: true }) : node.childNodes);
    for (const child of children) walk(child);
  };
  walk(document.body);
  return stops;
}

await withPanels(({ open }) => runTests('the element', TESTS, () => open({ width: 1440, height: 900 })));
