import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { card, choose, percent } from '../harness/page.js';
import type { BackEnd } from '../harness/room.js';
import { expect, test } from '../harness/test.js';

const docs = new URL('../../docs/panel.md', import.meta.url);

/** The application of the documentation, on an origin of its own, under the policy of the documentation and no other. */
async function application(origin: string, backEnd: BackEnd) {
  const text = (await readFile(docs, 'utf8'))
    .replaceAll('https://files.example.org', origin)
    .replaceAll('wss://files.example.org', origin.replace('http', 'ws'));
  const [, example = ''] = /```html\n(.*?)```/s.exec(text) ?? [];
  const [, policy = ''] = /```\n(script-src .*?)\n```/s.exec(text) ?? [];
  const [, code = ''] = /<script type="module">\n(.*?)<\/script>/s.exec(example) ?? [];
  expect(policy).toContain(origin);
  const tokens = new Map<string, Promise<string>>(); // a person's other window is the same participant
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://application');
    if (pathname === '/application.js') {
      response.setHeader('Content-Type', 'text/javascript');
      response.end(
        `const myBackEnd = { tokenForThisRoom: async () => (await fetch('/token' + location.search)).text() };\n${code}`,
      );
    } else if (pathname === '/token') {
      const name = searchParams.get('name') ?? '';
      const token = tokens.get(name) ?? backEnd.token(name);
      tokens.set(name, token);
      void token.then((text) => response.end(text));
    } else {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      const own = policy.replace('script-src', "script-src 'self'").replace('connect-src', "connect-src 'self'");
      response.setHeader('Content-Security-Policy', `default-src 'none'; ${own}`);
      const page = example.replace(
        /<script type="module">.*?<\/script>/s,
        '<script type="module" src="/application.js"></script>',
      );
      response.end(page.replace(/ style="[^"]*"/g, '')); // the application's own
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: (name: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/?name=${name}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

test('the panel of the docs, in an application of another origin under a strict policy', async ({
  browser,
  backEnd,
  network,
  samples,
}) => {
  const app = await application(network.origin, backEnd);
  const open = async (name: string) => {
    const page = await browser.newPage();
    const refused: string[] = [];
    page.on('console', (message) => {
      if (/Content Security Policy|CORS/.test(message.text())) refused.push(message.text());
    });
    await page.goto(app.url(name));
    await expect(page.getByTestId('choose-files')).toBeVisible();
    return { page, refused };
  };
  const [ana, ben] = [await open('Ana'), await open('Ben')];
  await expect(ana.page.locator('[data-testid=recipient][data-name="Ben"]')).toBeVisible();

  const big = await samples.file('big.bin', 12_000_000);
  await ben.page.evaluate(() => {
    const heard = Object.assign(window, { heard: [] as string[] }).heard;
    document.addEventListener('handout-received', (event) => {
      heard.push((event as CustomEvent<{ download: { name: string } }>).detail.download.name);
    });
    (document.querySelector('handout-panel') as HTMLElement).hidden = true;
  });
  network.bytesPerSecond = 3_000_000;
  await choose(ana.page, big);
  await expect.poll(() => percent(ana.page, 'big.bin')).toBeGreaterThan(5);
  await expect(ben.page.getByRole('img', { name: '1 new file' })).toBeVisible();
  network.cut();
  await expect(ana.page.getByTestId('connection')).toHaveAttribute('data-state', 'reconnecting');
  network.mend();
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await expect(card(ana.page, 'big.bin')).toHaveAttribute('data-state', 'shared');

  await ben.page.evaluate(() => {
    (document.querySelector('handout-panel') as HTMLElement).hidden = false;
  });
  await expect(ben.page.getByRole('img', { name: '1 new file' })).toBeHidden();
  const saved = ben.page.waitForEvent('download');
  await card(ben.page, 'big.bin').getByRole('button', { name: 'Save big.bin' }).click();
  await saved;
  await expect(card(ben.page, 'big.bin')).toHaveAttribute('data-state', 'saved');
  expect(await ben.page.evaluate(() => (window as unknown as { heard: string[] }).heard)).toEqual(['big.bin']);
  await expect(card(ana.page, 'big.bin').getByText('Ben has it')).toBeVisible();

  // Taken out of the page it leaves the room; put back, it joins again.
  await ben.page.evaluate(() => {
    const panel = document.querySelector('handout-panel') as HTMLElement;
    Object.assign(window, { panel });
    panel.remove();
  });
  await expect(ana.page.locator('[data-testid=recipient][data-name="Ben"]')).toHaveCount(0);
  await ben.page.evaluate(() => document.body.prepend((window as unknown as { panel: Element }).panel));
  await expect(card(ben.page, 'big.bin')).toBeVisible();

  // One participant, one window: who is replaced says so, and comes back on request.
  const again = await open('Ana');
  await expect(ana.page.getByTestId('standing')).toHaveAttribute('data-reason', 'replaced');
  await ana.page.getByRole('button', { name: 'Use this window' }).click();
  await expect(ana.page.getByTestId('choose-files')).toBeVisible();
  await expect(again.page.getByTestId('standing')).toHaveAttribute('data-reason', 'replaced');

  expect([...ana.refused, ...ben.refused]).toEqual([]);
  app.close();
});
