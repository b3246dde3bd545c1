// Measures the way of a file from one page to another through the SDK, against a
// plain PUT and GET of the same bytes, in two browsers with profiles of their own:
//
//	node e2e/bench/browser.mjs --handout http://127.0.0.1:8080 --plain http://127.0.0.1:8081
//
// The addresses are those of a running `handout serve --dev` and of a server that
// keeps what is PUT and gives it to GET. It prints one JSON object.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Browser } from './browser-process.mjs';
import { AppHost, plainPage, roomTokens } from './pages.mjs';

const MiB = 1 << 20;

const { values: options } = parseArgs({
  options: {
    handout: { type: 'string' },
    plain: { type: 'string' },
    size: { type: 'string', default: String(100 * MiB) }, // bytes
    large: { type: 'string', default: String(500 * MiB) }, // bytes; memory is compared with the small one's
    rounds: { type: 'string', default: '5' },
    chromium: { type: 'string', default: process.env.HANDOUT_CHROMIUM ?? '/usr/bin/chromium' },
  },
});

/** A file of random bytes; a block repeats with a counter so that no two parts are alike. */
async function sampleFile(folder, name, size) {
  const block = randomBytes(MiB);
  const hash = createHash('sha256');
  const file = path.join(folder, name);
  const handle = await open(file, 'w');
  for (let written = 0; written < size; written += block.length) {
    block.writeUInt32LE(written / block.length, 0);
    const part = block.subarray(0, Math.min(block.length, size - written));
    await handle.write(part);
    hash.update(part);
  }
  await handle.close();
  return { file, size, sha256: hash.digest('hex') };
}

/** One browser for each participant: they share no process. */
class Side {
  static async open({ handout, token, app }) {
    const side = new Side();
    side.browser = await Browser.launch(options.chromium);
    side.sdk = await side.browser.page(app.url(handout));
    side.plain = await side.browser.page(`${options.plain}/${plainPage.name}`);
    await side.sdk.evaluate((t) => window.enter(t), token);
    return side;
  }

  async choose(sample) {
    for (const page of [this.sdk, this.plain]) await page.locator('#file').setInputFiles(sample.file);
  }
}

/** From the call of send to the verified file at the other end, in ms. */
async function throughSdk(sender, recipient, sample) {
  await recipient.sdk.evaluate(() => window.expect());
  const sent = await sender.sdk.evaluate(() => window.sendFile());
  const got = await recipient.sdk.evaluate(() => window.arrived());
  if (got.sha256 !== sample.sha256 || got.size !== sample.size) throw new Error('other bytes came through the SDK');
  await sender.sdk.evaluate(() => window.withdraw());
  return got.at - sent;
}

/** A PUT by one page and then a GET by the other, in ms. */
async function throughPlain(sender, recipient, sample, name) {
  const put = await sender.plain.evaluate((n) => window.put(n), name);
  const get = await recipient.plain.evaluate((n) => window.get(n), name);
  if (get.size !== sample.size) throw new Error('other bytes came through the plain server');
  return { put: put.ms, get: get.ms };
}

/** The most that the page's process holds while the file goes through, over what it held before, in bytes. */
async function memoryOf(sender, recipient, sample) {
  const meters = await Promise.all([sender.browser.memory(sender.sdk), recipient.browser.memory(recipient.sdk)]);
  await throughSdk(sender, recipient, sample);
  const [from, to] = await Promise.all(meters.map((meter) => meter.peak()));
  return { size: sample.size, sender: from, recipient: to };
}

async function measure(folder) {
  const { handout } = options;
  const app = await AppHost.start();
  await plainPage.put(options.plain);
  const [ana, ben] = await roomTokens(handout, ['Ana', 'Ben']);
  const sender = await Side.open({ handout, token: ana, app });
  const recipient = await Side.open({ handout, token: ben, app });
  try {
    const sample = await sampleFile(folder, 'sample.bin', Number(options.size));
    for (const side of [sender, recipient]) await side.choose(sample);
    const rounds = [];
    for (let n = 0; n <= Number(options.rounds); n++) {
      const plain = await throughPlain(sender, recipient, sample, 'sample.bin');
      const sdk = await throughSdk(sender, recipient, sample);
      if (n > 0) rounds.push({ ...plain, sdk }); // the first one warms up
    }
    const memory = [await memoryOf(sender, recipient, sample)];
    const large = await sampleFile(folder, 'large.bin', Number(options.large));
    await sender.choose(large);
    memory.push(await memoryOf(sender, recipient, large));
    return { chromium: sender.browser.version, rounds, memory };
  } finally {
    for (const side of [sender, recipient]) await side.browser.close();
    await app.close();
  }
}

const folder = await mkdtemp(path.join(tmpdir(), 'handout-browser-'));
try {
  console.log(JSON.stringify(await measure(folder), null, 2));
} finally {
  await rm(folder, { recursive: true, force: true });
}
