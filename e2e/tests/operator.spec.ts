import { card, choose, person, save } from '../harness/page.js';
import { expect, test } from '../harness/test.js';

test('a file of the application reaches the page and an EnxRoom application like any other', async ({
  browser,
  network,
  backEnd,
  participant,
  samples,
}) => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${network.origin}/#token=${await backEnd.token('Ana')}`);
  await expect(person(page, 'Ana')).toBeVisible();
  const ben = await participant('Ben');

  const forAll = await samples.file('house rules.txt', 4_000);
  await backEnd.push(forAll.path, { name: forAll.name, senderName: 'Front desk' });
  await expect(card(page, forAll.name)).toContainText('Front desk');
  await save(page, forAll);
  await ben.heard('download-available', 1);
  const [item] = await ben.available();
  expect(item).toMatchObject({ name: forAll.name, sender: 'Front desk', senderId: '@operator', broadcast: true });
  await ben.receive(item.index, { isMobile: true });
  await ben.heard('recv-callback', 1);

  const forBen = await samples.file('invoice.txt', 300_000);
  await backEnd.push(forBen.path, { name: forBen.name, senderName: 'Accounts', userRef: 'Ben' });
  await ben.heard('download-available', 2);
  expect((await ben.available())[1]).toMatchObject({ name: forBen.name, sender: 'Accounts', broadcast: false });
  await expect(card(page, forBen.name)).toHaveCount(0);
  await page.context().close();
});

test('the rules of a room are followed live, and said before anything is sent', async ({
  browser,
  network,
  backEnd,
  samples,
}) => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${network.origin}/#token=${await backEnd.token('Ana')}`);
  await expect(person(page, 'Ana')).toBeVisible();
  const [text, program] = [await samples.file('a.txt', 4_000), await samples.file('setup.exe', 4_000)];

  await backEnd.rule({ deny: ['.exe'], limits: { fileSize: 5_000, lifetimeSeconds: 3_600 } });
  await expect(page.getByText('after 1 hour at most')).toBeVisible();
  await choose(page, program, text);
  await expect(page.getByText('“setup.exe” is of a type that may not be shared in this room.')).toBeVisible();
  await expect(card(page, text.name)).toBeVisible();
  await expect(card(page, program.name)).toHaveCount(0);
  await choose(page, await samples.file('large.txt', 5_001));
  await expect(page.getByText('“large.txt” is larger than this room allows')).toBeVisible();

  // A picture by its name alone gets as far as its first bytes.
  await backEnd.rule({ allow: ['image/*'] });
  await expect(page.getByText('after 1 hour at most')).toHaveCount(0);
  await choose(page, await samples.file('no picture.png', 20_000));
  await expect(card(page, 'no picture.png')).toContainText('Files of this type may not be shared in this room');

  await backEnd.rule({ send: ['moderator'] });
  await expect(page.getByTestId('may-not-send')).toBeVisible();
  await backEnd.rule({});
  await expect(page.getByTestId('choose-files')).toBeVisible();
  await page.context().close();
});
