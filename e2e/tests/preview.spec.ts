import type { Page } from '@playwright/test';
import { card, join } from '../harness/page.js';
import { expect, test } from '../harness/test.js';

interface Sent {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

const sent = (name: string, content: string | Buffer, mimeType = ''): Sent => ({
  name,
  mimeType,
  buffer: Buffer.from(content),
});

/** What would tell if it ran, or if something asked for it. */
const EVIL = 'http://127.0.0.1:9/evil';
const SCRIPT = `<script>window.ran = 1; fetch('${EVIL}')</script><img src="${EVIL}" onerror="window.ran = 2">`;

/** A page of a document, with an action that viewers do when they open it. */
function pdf(action: string): string {
  const objects = [
    '<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>',
    action,
  ].map((object, at) => `${at + 1} 0 obj\n${object}\nendobj\n`);
  const head = '%PDF-1.4\n';
  const at = objects.map((_, index) => head.length + objects.slice(0, index).join('').length);
  const table = at.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const body = head + objects.join('');
  return `${body}xref\n0 5\n0000000000 65535 f \n${table}trailer<</Size 5/Root 1 0 R>>\nstartxref\n${body.length}\n%%EOF`;
}

/** A second of silence. */
function wav(): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + 8_000, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(8_000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(8_000, 40);
  return Buffer.concat([head, Buffer.alloc(8_000, 128)]);
}

/** A picture, drawn by the browser. */
async function png(page: Page, width: number, height: number): Promise<Buffer> {
  const base64 = await page.evaluate(
    ([w, h]) => {
      const canvas = Object.assign(document.createElement('canvas'), { width: w, height: h });
      const context = canvas.getContext('2d');
      context?.fillRect(0, 0, 40, 40);
      return canvas.toDataURL('image/png').split(',')[1] ?? '';
    },
    [width, height] as const,
  );
  return Buffer.from(base64, 'base64');
}

/** A JPEG that says where it was taken, and to turn it by a quarter. */
async function photograph(page: Page): Promise<Buffer> {
  const base64 = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1_600, height: 800 });
    const context = canvas.getContext('2d');
    for (let at = 0; at < 1_600; at += 40) {
      if (context) context.fillStyle = `hsl(${at % 360} 80% 50%)`;
      context?.fillRect(at, at / 4, 40, 400);
    }
    return canvas.toDataURL('image/jpeg', 0.9).split(',')[1] ?? '';
  });
  const tiff = Buffer.concat([
    Buffer.from('4d4d002a0000000800020112000300000001000600000132000200000014', 'hex'),
    Buffer.from('0000002600000000', 'hex'),
    Buffer.from('2026:01:02 SECRET 34\0'),
  ]);
  const exif = Buffer.concat([Buffer.from('Exif\0\0'), tiff]);
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2]);
  return Buffer.concat([head, exif, Buffer.from(base64, 'base64').subarray(2)]);
}

/** A moment of film, recorded by the browser. */
async function film(page: Page): Promise<Buffer> {
  const base64 = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
    const context = canvas.getContext('2d');
    const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: 'video/webm' });
    const parts: Blob[] = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const over = new Promise((resolve) => {
      recorder.onstop = resolve;
    });
    recorder.start();
    for (let frame = 0; frame < 12; frame++) {
      context?.fillRect(frame * 20, 20, 10, 200);
      await new Promise(requestAnimationFrame);
    }
    recorder.stop();
    await over;
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  });
  return Buffer.from(base64, 'base64');
}

/** The first bytes of a picture that would take 16 GiB. */
function bomb(): Buffer {
  const bytes = Buffer.from('89504e470d0a1a0a0000000d49484452ffffffffffffffff0806000000', 'hex');
  bytes.writeUInt32BE(65_535, 16);
  bytes.writeUInt32BE(65_535, 20);
  return bytes;
}

const thumbnail = (page: Page, name: string) => card(page, name).getByTestId('thumbnail');

const preview = (page: Page, name: string) => card(page, name).getByTestId('preview');

async function open(page: Page, name: string): Promise<void> {
  await card(page, name)
    .getByRole('button', { name: `Preview ${name}` })
    .focus();
  await page.keyboard.press('Enter');
}

/** Closes what is open by the same key: the focus must still be there. */
async function close(page: Page, name: string): Promise<void> {
  await expect(card(page, name).getByRole('button', { name: `Preview ${name}` })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(preview(page, name)).toHaveCount(0);
}

test('files that are here are shown in place; nothing in them runs, and nothing is asked for', async ({
  browser,
  handout,
}) => {
  const ana = await join(browser, handout.origin, 'previews', 'Ana');
  const ben = await join(browser, handout.origin, 'previews', 'Ben');
  const files = [
    sent('photo.png', await png(ana, 1_200, 900), 'text/html'),
    sent('tone.wav', wav()),
    sent('paper.pdf', pdf('[3 0 R/Fit]')),
    sent('scripts.pdf', pdf(`<</S/JavaScript/JS(app.alert\\("ran"\\); this.submitForm\\("${EVIL}"\\))>>`)),
    sent('picture.png', `<!doctype html>${SCRIPT}`, 'text/html'),
    sent('page.html', SCRIPT, 'text/html'),
    sent(
      'drawing.svg',
      `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40" onload="window.ran = 3"><script>window.ran = 4</script><image href="${EVIL}" width="9" height="9"/><rect width="60" height="40"/></svg>`,
    ),
  ];
  await ana.getByTestId('file-input').setInputFiles(files);
  for (const { name } of files) {
    await card(ben, name)
      .getByRole('button', { name: `Save ${name}` })
      .click();
    await expect(card(ben, name)).toHaveAttribute('data-state', 'saved');
  }

  const asked: string[] = [];
  ben.on('request', (request) => asked.push(request.url()));
  ben.on('dialog', (dialog) => {
    asked.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  await ben.evaluate(() => {
    const live = new Set<string>();
    const { createObjectURL, revokeObjectURL } = URL;
    URL.createObjectURL = (bytes: Blob) => {
      const address = createObjectURL(bytes);
      live.add(address);
      return address;
    };
    URL.revokeObjectURL = (address) => {
      live.delete(address);
      revokeObjectURL(address);
    };
    Object.assign(window, { live });
  });

  await open(ben, 'photo.png');
  const picture = preview(ben, 'photo.png').getByRole('img', { name: 'photo.png' });
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1_200);
  expect(await picture.evaluate((image) => image.getBoundingClientRect().width)).toBeLessThan(900);
  await preview(ben, 'photo.png').getByRole('button', { name: 'Full size' }).click();
  expect(await picture.evaluate((image) => image.getBoundingClientRect().width)).toBe(1_200);
  expect(await ben.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  await card(ben, 'photo.png').getByRole('button', { name: 'Preview photo.png' }).focus();
  await close(ben, 'photo.png');

  await open(ben, 'tone.wav');
  const sound = preview(ben, 'tone.wav').locator('audio');
  await expect.poll(() => sound.evaluate((audio: HTMLAudioElement) => audio.duration)).toBe(1);
  await close(ben, 'tone.wav');

  await open(ben, 'paper.pdf');
  await expect(preview(ben, 'paper.pdf').locator('iframe')).toHaveAttribute('src', /^blob:/);
  await expect.poll(() => ben.frames().filter((frame) => frame.url().startsWith('chrome-extension:')).length).toBe(1);
  await close(ben, 'paper.pdf');

  await open(ben, 'scripts.pdf');
  await expect(preview(ben, 'scripts.pdf')).toHaveText(/This document has scripts/);
  await close(ben, 'scripts.pdf');

  await open(ben, 'picture.png');
  await expect(preview(ben, 'picture.png')).toHaveText('This browser cannot show the file.');
  await close(ben, 'picture.png');

  await open(ben, 'page.html');
  await expect(preview(ben, 'page.html').locator('pre')).toHaveText(SCRIPT);
  await close(ben, 'page.html');

  await open(ben, 'drawing.svg');
  const drawing = preview(ben, 'drawing.svg').getByRole('img');
  await expect.poll(() => drawing.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(60);
  await close(ben, 'drawing.svg');

  expect(await ben.evaluate(() => [...(window as unknown as { live: Set<string> }).live])).toEqual([]);
  expect(await ben.evaluate(() => (window as unknown as { ran?: number }).ran)).toBeUndefined();
  const foreign = asked.filter((address) => !/^(blob|chrome|chrome-extension):/.test(address));
  expect(foreign.filter((address) => !address.endsWith('/receipts'))).toEqual([]);

  await open(ana, 'photo.png');
  await expect(preview(ana, 'photo.png').getByRole('img', { name: 'photo.png' })).toBeVisible();
  await card(ana, 'photo.png').getByRole('button', { name: 'Withdraw photo.png' }).click();
  await card(ana, 'photo.png').getByRole('button', { name: 'Withdraw', exact: true }).click();
  await expect(preview(ana, 'photo.png')).toHaveCount(0);
});

test('pictures show on cards before anybody saves them, without what cameras write into them', async ({
  browser,
  handout,
}) => {
  const ana = await join(browser, handout.origin, 'thumbnails', 'Ana');
  const ben = await join(browser, handout.origin, 'thumbnails', 'Ben');
  const pictures: Promise<Buffer>[] = [];
  ben.on('response', (response) => {
    if (response.url().endsWith('/thumbnail')) pictures.push(response.body());
  });
  await ana
    .getByTestId('file-input')
    .setInputFiles([
      sent('photograph.jpg', await photograph(ana)),
      sent('small.png', await png(ana, 30, 20)),
      sent('film.webm', await film(ana)),
      sent('bomb.png', bomb()),
      sent('picture.png', `<!doctype html>${SCRIPT}`),
      sent('drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'),
      sent('note.txt', 'hello'),
    ]);
  await expect(card(ben, 'note.txt')).toHaveAttribute('data-state', 'available');
  const side = async (name: string) => {
    await card(ben, name).scrollIntoViewIfNeeded(); // it is asked for when it is on screen
    const image = thumbnail(ben, name).locator('img');
    return image.evaluate(({ naturalWidth, naturalHeight }: HTMLImageElement) => [naturalWidth, naturalHeight]);
  };
  await expect.poll(() => side('photograph.jpg')).toEqual([80, 160]); // it was turned
  await expect.poll(() => side('small.png')).toEqual([30, 20]);
  await expect.poll(() => side('film.webm')).toEqual([160, 120]);
  for (const name of ['bomb.png', 'picture.png', 'drawing.svg', 'note.txt']) {
    await expect(card(ben, name)).toHaveAttribute('data-state', 'available');
    await expect(thumbnail(ben, name)).toHaveCount(0);
  }
  for (const picture of await Promise.all(pictures)) {
    expect(picture.length).toBeLessThan(16 << 10);
    expect(picture.includes('SECRET')).toBe(false);
    expect(picture.includes('Exif')).toBe(false);
  }
  expect(pictures).toHaveLength(3);
  await card(ana, 'photograph.jpg').scrollIntoViewIfNeeded();
  await expect(thumbnail(ana, 'photograph.jpg').locator('img')).toBeVisible();

  for (const page of [ana, ben]) {
    await page.evaluate(() => {
      const panel = document.querySelector('handout-app')?.shadowRoot?.querySelector('handout-room-view');
      panel?.shadowRoot?.querySelector('handout-panel')?.setAttribute('no-thumbnails', '');
    });
    await expect(thumbnail(page, 'photograph.jpg')).toHaveCount(0);
  }
  await ana.getByTestId('file-input').setInputFiles([sent('quiet.png', await png(ana, 60, 20))]);
  await expect(card(ben, 'quiet.png')).toHaveAttribute('data-state', 'available');
  await ben.evaluate(() => {
    const panel = document.querySelector('handout-app')?.shadowRoot?.querySelector('handout-room-view');
    panel?.shadowRoot?.querySelector('handout-panel')?.removeAttribute('no-thumbnails');
  });
  await card(ben, 'photograph.jpg').scrollIntoViewIfNeeded();
  await expect(thumbnail(ben, 'photograph.jpg').locator('img')).toBeVisible();
  await expect(thumbnail(ben, 'quiet.png')).toHaveCount(0);
});
