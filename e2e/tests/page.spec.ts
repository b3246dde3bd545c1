import type { Page } from '@playwright/test';
import { card, choose, join, percent, person, save } from '../harness/page.js';
import { expect, test } from '../harness/test.js';

const said = (page: Page) => page.getByTestId('chat-message');

async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId('chat-field').fill(text);
  await page.keyboard.press('Enter');
}

/** A picture, drawn by the browser. */
async function photograph(page: Page): Promise<Buffer> {
  const base64 = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1_200, height: 900 });
    const context = canvas.getContext('2d');
    if (context === null) return '';
    const sky = context.createLinearGradient(0, 0, 0, 900);
    for (const [at, colour] of [
      [0, '#1d2b53'],
      [0.5, '#e8684a'],
      [0.7, '#f7c873'],
      [0.71, '#2a4858'],
      [1, '#12263a'],
    ] as const)
      sky.addColorStop(at, colour);
    context.fillStyle = sky;
    context.fillRect(0, 0, 1_200, 900);
    context.fillStyle = '#ffe9b0';
    context.arc(600, 560, 110, 0, 7);
    context.fill();
    return canvas.toDataURL('image/jpeg', 0.9).split(',')[1] ?? '';
  });
  return Buffer.from(base64, 'base64');
}

/** Where the README's pictures go: into the docs when they are asked for (make screenshots). */
const images = new URL(
  process.env.HANDOUT_SCREENSHOTS === '1' ? '../../docs/images/' : '../test-results/images/',
  import.meta.url,
).pathname;

test('two windows share files both ways, a late joiner sees them', async ({ browser, handout, samples }) => {
  const ana = await join(browser, handout.origin, 'both-ways', 'Ana');
  const ben = await join(browser, handout.origin, 'both-ways', 'Ben');
  await expect(person(ana, 'Ben')).toBeVisible();
  const [report, photo] = [await samples.file('report.pdf', 2_000_000), await samples.file('photo.jpg', 700_000)];
  await choose(ana, report);
  await choose(ben, photo);
  await expect(card(ana, 'report.pdf')).toHaveAttribute('data-state', 'shared');
  await save(ben, report);
  await save(ana, photo);
  const late = await join(browser, handout.origin, 'both-ways', 'Late');
  await expect(card(late, 'report.pdf')).toHaveAttribute('data-state', 'available');
  await save(late, photo);
});

test('a file for one person is seen by that person alone', async ({ browser, handout, samples }) => {
  const ana = await join(browser, handout.origin, 'targeted', 'Ana');
  const ben = await join(browser, handout.origin, 'targeted', 'Ben');
  const cleo = await join(browser, handout.origin, 'targeted', 'Cleo');
  await expect(person(ana, 'Cleo')).toBeVisible();
  await ana.locator('[data-testid=recipient][data-name="Ben"]').click();
  const secret = await samples.file('secret.txt', 1000);
  await choose(ana, secret);
  await expect(card(ben, 'secret.txt')).toHaveAttribute('data-state', 'available');
  await ana.getByTestId('recipient-everyone').click();
  const open = await samples.file('open.txt', 1000);
  await choose(ana, open);
  await expect(card(cleo, 'open.txt')).toHaveAttribute('data-state', 'available');
  await expect(card(cleo, 'secret.txt')).toHaveCount(0);
});

test('cancel, withdraw, leave', async ({ browser, handout, network, samples }) => {
  const ana = await join(browser, network.origin, 'ends', 'Ana');
  const ben = await join(browser, handout.origin, 'ends', 'Ben');
  network.bytesPerSecond = 500_000;
  const big = await samples.file('big.bin', 30_000_000);
  await choose(ana, big);
  await expect(card(ana, 'big.bin').getByRole('progressbar')).toBeVisible();
  await card(ana, 'big.bin').getByRole('button', { name: 'Cancel big.bin' }).click();
  await expect(card(ana, 'big.bin')).toHaveAttribute('data-state', 'upload-cancelled');
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  const note = await samples.file('note.txt', 500);
  await choose(ana, note);
  await expect(card(ben, 'note.txt')).toHaveAttribute('data-state', 'available');
  await card(ana, 'note.txt').getByRole('button', { name: 'Withdraw note.txt' }).click();
  await card(ana, 'note.txt').getByRole('button', { name: 'Withdraw', exact: true }).click();
  await expect(card(ben, 'note.txt')).toHaveAttribute('data-state', 'revoked');
  await ana.getByRole('button', { name: 'Leave room' }).click();
  await expect(person(ben, 'Ana')).toHaveCount(0);
});

test('a lost network pauses an upload, and a reload lets it go on', async ({ browser, handout, network, samples }) => {
  const ana = await join(browser, network.origin, 'resume', 'Ana');
  const ben = await join(browser, handout.origin, 'resume', 'Ben');
  const big = await samples.file('big.bin', 15_000_000);
  network.bytesPerSecond = 2_000_000;
  await choose(ana, big);
  await expect(card(ana, 'big.bin')).toHaveAttribute('data-state', 'uploading');
  await expect.poll(() => percent(ana, 'big.bin')).toBeGreaterThan(10);
  network.cut();
  await expect(ana.getByTestId('connection')).toHaveAttribute('data-state', 'reconnecting');
  network.mend();
  await expect(card(ana, 'big.bin')).toHaveAttribute('data-state', 'uploading');
  await ana.reload();
  await expect(card(ana, 'big.bin')).toHaveAttribute('data-state', 'needs-file');
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  const offsets: number[] = [];
  ana.on('request', (request) => {
    if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']));
  });
  await choose(ana, big);
  await expect(card(ana, 'big.bin')).toHaveAttribute('data-state', 'shared');
  expect(offsets[0]).toBeGreaterThan(0);
  await save(ben, big);
});

test('people chat: with everyone, with one person, over a lost network; who comes later sees none of it', async ({
  browser,
  handout,
  network,
}) => {
  const ana = await join(browser, network.origin, 'chat', 'Ana');
  const ben = await join(browser, handout.origin, 'chat', 'Ben');
  const cleo = await join(browser, handout.origin, 'chat', 'Cleo', { viewport: { width: 390, height: 844 } });
  await expect(person(ana, 'Cleo')).toBeVisible();
  await say(ana, 'hello, <b>all</b>');
  await ana.getByTestId('chat-to').selectOption({ label: 'Ben' });
  await say(ana, 'only Ben');
  await expect(said(ben)).toHaveText([/hello, <b>all<\/b>/, /only to you.*only Ben/s]);
  await expect(ana.locator('[data-testid=chat-message][data-state=sent]')).toHaveCount(2);
  await cleo.getByRole('button', { name: 'Chat 1 new' }).click();
  await expect(said(cleo)).toHaveText([/hello, <b>all<\/b>/]);
  network.cut();
  await expect(ana.getByTestId('connection')).toHaveAttribute('data-state', 'reconnecting');
  await ana.getByTestId('chat-to').selectOption({ label: 'Everyone' });
  await say(ana, 'waited');
  await expect(said(ana).last()).toHaveAttribute('data-state', 'waiting');
  network.mend();
  await expect(said(ben).last()).toHaveText(/waited/);
  await expect(said(ana).last()).toHaveAttribute('data-state', 'sent');
  await expect(said(cleo)).toHaveCount(2);
  const late = await join(browser, handout.origin, 'chat', 'Late');
  await expect(late.getByTestId('chat-log')).toContainText('Messages are not kept');
  await expect(said(late)).toHaveCount(0);
});

test('hostile names are shown as text and saved as names', async ({ browser, handout, samples }) => {
  const ana = await join(browser, handout.origin, 'hostile', '<img src=x onerror=alert(1)>');
  const ben = await join(browser, handout.origin, 'hostile', 'Ben');
  const dialogs: string[] = [];
  ben.on('dialog', (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  const file = await samples.file('<img src=x onerror=alert(2)>.html', 100);
  await choose(ana, file);
  await expect(card(ben, file.name)).toHaveAttribute('data-state', 'available');
  expect(await ben.locator('img[src=x]').count()).toBe(0);
  expect(dialogs).toEqual([]);
});

test('the keyboard is enough', async ({ browser, handout, samples }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(handout.origin);
  await page.getByLabel('Room', { exact: true }).focus();
  await page.keyboard.type('keys');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Ana');
  await page.keyboard.press('Enter');
  await expect(person(page, 'Ana')).toBeVisible();
  const ben = await join(browser, handout.origin, 'keys', 'Ben');
  await choose(ben, await samples.file('note.txt', 100));
  const button = card(page, 'note.txt').getByRole('button', { name: 'Save note.txt' });
  await expect(button).toBeVisible();
  for (let presses = 0; presses < 40 && !(await button.evaluate((element) => element.matches(':focus'))); presses++) {
    await page.keyboard.press('Tab');
  }
  const saved = page.waitForEvent('download');
  await page.keyboard.press('Enter');
  expect((await saved).suggestedFilename()).toBe('note.txt');
});

test('the picture of the README', async ({ browser, handout, network, samples }) => {
  const size = { viewport: { width: 1280, height: 860 }, deviceScaleFactor: 1, reducedMotion: 'reduce' as const };
  const noor = await join(browser, network.origin, 'weekly-review', 'Noor Haddad', size);
  const ana = await join(browser, handout.origin, 'weekly-review', 'Ana Moreau');
  const kofi = await join(browser, handout.origin, 'weekly-review', 'Kofi Boateng');
  const agenda = await samples.file('Agenda.docx', 38_000);
  await choose(ana, agenda, await samples.file('Site walk-through.mp4', 4_100_000));
  await expect(card(noor, 'Agenda.docx')).toHaveAttribute('data-state', 'available');
  const numbers = await samples.file('Q3 numbers.xlsx', 186_000);
  await choose(noor, numbers);
  await expect(card(noor, 'Q3 numbers.xlsx')).toHaveAttribute('data-state', 'shared');
  await save(kofi, numbers);
  await save(noor, agenda);
  await ana.locator('[data-testid=recipient][data-name="Noor Haddad"]').click();
  await choose(ana, await samples.file('Contract draft.pdf', 2_300_000));
  await ana.getByTestId('recipient-everyone').click();
  await ana
    .getByTestId('file-input')
    .setInputFiles([{ name: 'Opening night.jpg', mimeType: '', buffer: await photograph(ana) }]);
  await expect(card(noor, 'Opening night.jpg')).toHaveAttribute('data-state', 'available');
  await say(ana, 'Good morning! The numbers are on their way, see https://example.org/plan for the plan.');
  await say(noor, 'Thank you. The film follows in a minute.');
  await kofi.getByTestId('chat-to').selectOption({ label: 'Noor Haddad' });
  await say(kofi, 'Page 4 of the contract is not final.');
  await expect(said(noor)).toHaveCount(3);
  await expect(card(noor, 'Contract draft.pdf')).toHaveAttribute('data-state', 'available');
  network.bytesPerSecond = 3_000_000;
  await choose(noor, await samples.file('Product film.mov', 40_000_000));
  await expect.poll(() => percent(noor, 'Product film.mov'), { timeout: 30_000 }).toBeGreaterThan(40);
  const close = noor.getByRole('button', { name: 'Close notification' });
  await expect(async () => {
    // One that goes by itself meanwhile is not there to be closed.
    if ((await close.count()) > 0) await close.first().click({ timeout: 500 });
    expect(await close.count()).toBe(0);
  }).toPass();
  await noor.mouse.move(0, 0);
  await noor.screenshot({ path: `${images}room.png` });
  await noor.emulateMedia({ colorScheme: 'dark' });
  await noor.setViewportSize({ width: 390, height: 844 });
  await noor.screenshot({ path: `${images}room-phone-dark.png` });
});

test('the page and its panel speak the language of the browser', async ({ browser, handout }) => {
  const context = await browser.newContext({ locale: 'ar-EG' });
  const page = await context.newPage();
  await page.goto(`${handout.origin}/?room=languages`);
  await page.getByLabel('اسمك').fill('Noor');
  await page.getByRole('button', { name: 'دخول الغرفة' }).click();
  await expect(page.getByRole('button', { name: 'مغادرة الغرفة' })).toBeVisible();
  await expect(page.getByText('أنت أول الحاضرين')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  await context.close();
});
