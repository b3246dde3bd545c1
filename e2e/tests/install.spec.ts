import { expect, test } from '../harness/test.js';

/** What Chromium finds of the page as an application. */
interface Manifest {
  url: string;
  errors: { message: string; critical: number }[];
  data?: string;
}

test('the page can be installed as an app, and nothing of it is kept beside the browser', async ({
  profile,
  handout,
}) => {
  const page = await profile.newPage();
  await page.goto(handout.origin);
  const cdp = await profile.newCDPSession(page);
  const manifest = (await cdp.send('Page.getAppManifest')) as unknown as Manifest;
  expect(manifest.url).toBe(`${handout.origin}/app.webmanifest`);
  expect(manifest.errors).toEqual([]);
  const told = JSON.parse(manifest.data ?? '{}') as {
    start_url: string;
    display: string;
    icons: { src: string; sizes: string }[];
  };
  expect(told).toMatchObject({ start_url: '/', display: 'standalone' });
  for (const { src, sizes } of told.icons) {
    const side = await page.evaluate(async (address) => {
      const image = new Image();
      image.src = address;
      await image.decode();
      return `${image.naturalWidth}x${image.naturalHeight}`;
    }, src);
    if (sizes !== 'any') expect(`${src} ${side}`).toBe(`${src} ${sizes}`);
  }
  const { installabilityErrors } = await cdp.send('Page.getInstallabilityErrors');
  expect(installabilityErrors).toEqual([]);
  expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
});
