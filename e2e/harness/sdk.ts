import type { Browser, Page } from '@playwright/test';

/** A participant: a page that uses the SDK's module and nothing else. Its room is `window.room`. */
export async function joinBySdk(browser: Browser, origin: string, token: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(origin);
  await page.evaluate(
    async ([module, t]) => {
      const sdk = await import(module as string);
      window.room = await sdk.join(t);
      window.journal = [];
      // biome-ignore lint/suspicious/noExplicitAny: the event is the SDK's, which this page loads by its address
      window.room.on('receipts-changed', ({ receipts }: any) => {
        for (const { name, state } of receipts)
          window.journal.push({ what: name, detail: state, at: performance.now() });
      });
    },
    [`${origin}/sdk/handout.js`, token],
  );
  return page;
}

/** Shares a file of so many bytes with everyone, and returns its share's id. */
export function share(page: Page, name: string, size: number): Promise<string> {
  return page.evaluate(
    async ([n, s]) => {
      const [upload] = window.room.send([new File([new Uint8Array(s as number)], n as string)], { to: 'room' });
      return (await upload.done).id;
    },
    [name, size] as const,
  );
}

/** What has become of the page's file, as "NAME: STATE", by name. */
export function receipts(page: Page, id: string): Promise<string[]> {
  return page.evaluate((share) => {
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const all: any[] = [...(window.room.files.get(share)?.receipts.values() ?? [])];
    return all.map(({ name, state }) => `${name}: ${state}`).sort();
  }, id);
}

/** The states that the page has heard of one recipient, each once, in order. */
export async function heardOf(page: Page, name: string): Promise<string[]> {
  const states: string[] = await page.evaluate(
    (n) => window.journal.filter((entry) => entry.what === n).map((entry) => entry.detail),
    name,
  );
  return states.filter((state, i) => state !== states[i - 1]);
}

/** Waits until the page knows the file; then downloads it and returns how that ended. */
export function download(page: Page, id: string): Promise<string> {
  return page.evaluate(async (share) => {
    while (!window.room.files.has(share)) await new Promise((resolve) => setTimeout(resolve, 20));
    return window.room.files
      .get(share)
      .download()
      .done.then(
        () => 'completed',
        (error: { code: string }) => error.code,
      );
  }, id);
}
