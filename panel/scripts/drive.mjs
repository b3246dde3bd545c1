// How the browser scripts drive a room that is drawn from a fixture: it hangs as `room` on an element.

/** Runs each test on a page of its own, opened by `open()`. */
export async function runTests(name, tests, open) {
  for (const [title, test] of Object.entries(tests)) {
    const page = await open();
    try {
      await test(page);
    } catch (error) {
      throw new Error(`${title}: ${error.message}`, { cause: error });
    }
    await page.close();
  }
  console.log(`${name}: ${Object.keys(tests).length} passed`);
}

export function file(name) {
  return { name, mimeType: 'text/plain', buffer: Buffer.from('hello') };
}

export function recipient(page, name) {
  return page.getByTestId('recipients').getByRole('button', { name });
}

/** Runs `change` on the room of the first element that has one. */
export function inRoom(page, change) {
  return page.evaluate(`(${change})(document.querySelector('handout-room-view, handout-panel').room)`);
}

/** What was sent: for whom, and the names of the files. */
export function sent(page, host = 'handout-room-view, handout-panel') {
  return page.evaluate(
    (of) => document.querySelector(of).room.sent.map(({ to, files }) => ({ to, files: files.map(({ name }) => name) })),
    host,
  );
}

/** What the moderator asked for. */
export function asked(page) {
  return page.evaluate(() => document.querySelector('handout-room-view, handout-panel').room.asked);
}

export function drop(page, selector, files) {
  return drag(page, 'drop', selector, files);
}

/** Fires a drag event that carries files on the first element that matches, through shadow roots. */
export function drag(page, type, selector, files = [{ name: 'dragged.txt' }]) {
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

/** Waits until what is called so has the focus. */
export function until(page, name) {
  return page.waitForFunction(
    ([of, want]) => new Function(`return (${of})()`)() === want,
    [nameOfFocused.toString(), name],
  );
}

export function focused(page) {
  return page.evaluate(nameOfFocused);
}

function nameOfFocused() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active?.getAttribute('aria-label') ?? active?.textContent?.trim();
}
