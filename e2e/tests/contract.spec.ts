import { readFile } from 'node:fs/promises';
import { sha256 } from '../harness/files.js';
import { expect, test } from '../harness/test.js';

const broadcast = { isMobile: false, broadcast: true, clientList: [] };
const extensions = ['upload-progress', 'download-progress', 'user-connected', 'user-disconnected', 'fs-upload-started'];

test('several files of one call: every event, payload and order of the contract', async ({ participant, samples }) => {
  const [ana, ben, cleo] = [await participant('Ana'), await participant('Ben'), await participant('Cleo')];
  const files = [await samples.file('ks (9).txt', 168), await samples.file('photo ä.png', 300_000)];
  await ana.send(
    files.map((file) => file.path),
    broadcast,
  );
  await ana.heard('send-callback', 2);

  const sent = await ana.journal();
  const what = sent.map((entry) => entry.what).filter((name) => !extensions.includes(name) && name !== 'joined');
  expect(what.slice(0, 3)).toEqual(['sendFiles-returned', 'upload-started', 'upload-started']);
  expect([...what].sort()).toEqual(
    ['sendFiles-returned', ...Array(2).fill(['upload-started', 'upload-completed', 'send-callback']).flat()].sort(),
  );
  for (const [i, file] of files.entries()) {
    const id = i + 1;
    const info = { upJobId: id, name: file.name, size: file.size, type: i === 0 ? 'text/plain' : 'image/png' };
    const of = (name: string) =>
      sent.filter((entry) => entry.what === name && entry.detail.response.upJobId === id).map((entry) => entry.detail);
    expect(of('upload-started')).toEqual([
      expect.objectContaining({
        messageType: 'upload-started',
        result: 0,
        description: 'upload started',
        upJobId: id,
        response: expect.objectContaining({
          uploadStatus: 'started',
          upJobId: id,
          uploadInfo: expect.objectContaining(info),
        }),
      }),
    ]);
    const completed = {
      messageType: 'upload-completed',
      result: 0,
      description: 'upload completed',
      response: expect.objectContaining({
        uploadStatus: 'completed',
        upJobId: id,
        uploadInfo: expect.objectContaining(info),
      }),
    };
    expect(of('upload-completed')).toEqual([expect.objectContaining(completed)]);
    expect(of('send-callback')).toEqual([expect.objectContaining(completed)]);
    const position = (name: string) =>
      sent.findIndex((entry) => entry.what === name && entry.detail.response.upJobId === id);
    expect(position('upload-completed')).toBeLessThan(position('send-callback'));
  }

  for (const receiver of [ben, cleo]) {
    const available = await receiver.heard('download-available', 2);
    const array = await receiver.available();
    expect(array.map((item) => item.index)).toEqual([0, 1]);
    for (const [i, entry] of available.entries()) {
      const item = array[i];
      expect(entry.detail).toEqual(
        expect.objectContaining({
          messageType: 'download-available',
          result: 0,
          description: 'file-available',
          response: expect.objectContaining({
            downloadStatus: 'available',
            jobId: String(i),
            downloadInfo: expect.objectContaining(item),
          }),
        }),
      );
      const file = files.find((candidate) => candidate.name === item.name);
      expect(item).toEqual(
        expect.objectContaining({
          name: file?.name,
          size: file?.size,
          index: i,
          sender: 'Ana',
          senderId: await ana.clientId(),
          broadcast: true,
        }),
      );
      expect(item.expiresAt).toBeGreaterThan(item.createdAt);
    }
  }
  expect(await ana.available()).toEqual([]);
});

test('recipients download all available files at once, in memory and to disk', async ({ participant, samples }) => {
  const [ana, ben, cleo] = [await participant('Ana'), await participant('Ben'), await participant('Cleo')];
  const files = await Promise.all([1, 2, 3, 4, 5].map((n) => samples.file(`file ${n}.bin`, n * 400_000)));
  await ana.send(
    files.map((file) => file.path),
    {},
  );
  await ben.heard('download-available', 5);
  await cleo.heard('download-available', 5);

  for (const item of await ben.available()) await ben.receive(item.index, { isMobile: true });
  await ben.heard('recv-callback', 5);
  for (const item of await ben.available()) {
    const of = async (name: string) =>
      (await ben.journal(name)).filter((entry) => entry.detail.response.jobId === String(item.index));
    const info = { downloadInfo: expect.objectContaining({ name: item.name, size: item.size, index: item.index }) };
    const [started, completed] = [await of('download-started'), await of('download-completed')];
    expect(started).toHaveLength(1);
    expect(completed).toHaveLength(1);
    expect(started[0]?.detail).toEqual(
      expect.objectContaining({
        messageType: 'download-started',
        result: 0,
        description: 'download-started',
        response: expect.objectContaining({ downloadStatus: 'started', ...info }),
      }),
    );
    expect(completed[0]?.detail).toEqual(
      expect.objectContaining({
        messageType: 'download-completed',
        result: 0,
        description: 'download-completed',
        response: expect.objectContaining({ downloadStatus: 'completed', ...info }),
      }),
    );
    expect(started[0]?.at).toBeLessThan(completed[0]?.at ?? 0);
    expect(await ben.digest(item.name)).toBe(files.find((file) => file.name === item.name)?.sha256);
  }
  for (const entry of await ben.journal('recv-callback')) {
    expect(entry.detail).toEqual(
      expect.objectContaining({
        messageType: 'download-success',
        result: 0,
        description: 'download-success',
        response: expect.objectContaining({ downloadStatus: 'success', blob: expect.anything() }),
      }),
    );
  }

  // The browser saves under the file's own name.
  const saved = cleo.page.waitForEvent('download');
  await cleo.receive(2);
  const download = await saved;
  const [item] = (await cleo.available()).slice(2);
  expect(download.suggestedFilename()).toBe(item.name);
  expect(await sha256(await download.path())).toBe(files.find((file) => file.name === item.name)?.sha256);
  await cleo.heard('recv-callback');
});

test('a targeted file reaches the chosen alone, and nobody else hears of it', async ({ participant, samples }) => {
  const [ana, ben, cleo] = [await participant('Ana'), await participant('Ben'), await participant('Cleo')];
  const secret = await samples.file('secret.txt', 2000);
  const open = await samples.file('open.txt', 1000);
  await ana.send([secret.path], { broadcast: false, clientList: [await ben.clientId()] });
  await ana.heard('send-callback');
  await ana.send([open.path], { broadcast: true });
  await cleo.heard('download-available');
  await ben.heard('download-available', 2);
  expect((await cleo.available()).map((item) => item.name)).toEqual(['open.txt']);
  expect((await ben.available()).map((item) => [item.name, item.broadcast])).toEqual([
    ['secret.txt', false],
    ['open.txt', true],
  ]);
  expect(JSON.stringify(await cleo.journal())).not.toContain('secret');
  const started = await ben.heard('fs-upload-started', 2);
  expect(started[0]?.detail.message).toEqual({
    sender: 'Ana',
    senderId: await ana.clientId(),
    files: [expect.objectContaining({ name: 'secret.txt', size: 2000, type: 'text/plain' })],
  });
});

test('late joiners see what was shared, a reconnect adds only what is new', async ({
  participant,
  samples,
  network,
}) => {
  const ana = await participant('Ana');
  const ben = await participant('Ben', {
    reconnect: { allow_reconnect: true, number_of_attempts: 20, timeout_interval: 500 },
  });
  await ana.send([(await samples.file('first.txt', 100)).path, (await samples.file('second.txt', 100)).path], {});
  await ana.heard('send-callback', 2);
  const dora = await participant('Dora');
  await dora.heard('download-available', 2);
  expect(await dora.order(...extensions)).toEqual(['joined', 'download-available', 'download-available']);

  const id = await ben.clientId();
  network.cut();
  await ben.heard('network-disconnected');
  network.mend();
  await ben.heard('network-reconnected');
  await dora.heard('network-reconnected');
  await dora.send([(await samples.file('third.txt', 100)).path], {});
  await ben.heard('download-available', 3);
  expect(await ben.clientId()).toBe(id);
  expect((await ben.journal('download-available')).map((entry) => entry.detail.response.jobId)).toEqual([
    '0',
    '1',
    '2',
  ]);
  expect((await ben.available()).map((item) => item.name).sort()).toEqual(['first.txt', 'second.txt', 'third.txt']);
});

test("errors carry the contract's codes and leave nothing behind", async ({ participant, samples }) => {
  const [ana, ben] = [await participant('Ana'), await participant('Ben')];
  const small = await samples.file('a.txt', 10);
  const refused = async (files: string[], options: unknown) => {
    await ana.clear();
    await ana.send(files, options);
    const [entry] = await ana.heard('send-error');
    return entry?.detail;
  };
  expect(await refused([], {})).toEqual(
    expect.objectContaining({ result: 1185, desc: 'file upload failed because file list is empty' }),
  );
  expect(await refused([small.path], { broadcast: false })).toEqual(
    expect.objectContaining({ result: 1155, error: 'Invalid options/parameters/values' }),
  );
  expect(await refused([small.path], { broadcast: false, clientList: ['pt_nobody'] })).toEqual(
    expect.objectContaining({ result: 1155, desc: expect.stringContaining('pt_nobody') }),
  );
  expect(await refused([small.path], { broadcast: 'yes' })).toEqual(expect.objectContaining({ result: 1155 }));
  expect(await refused([(await samples.file('empty.txt', 0)).path], {})).toEqual(
    expect.objectContaining({ result: 1186, desc: 'file size is zero bytes' }),
  );

  await ben.receive(0);
  expect((await ben.heard('recv-error'))[0]?.detail).toEqual(
    expect.objectContaining({ result: 1181, error: 'Receive file operation is not permitted.' }),
  );
  await ben.receive('nonsense');
  expect((await ben.heard('recv-error', 2))[1]?.detail.result).toBe(1155);
  expect(await ben.available()).toEqual([]);

  await ben.page.evaluate(() => window.room.disconnect());
  await ben.heard('room-disconnected');
  await ben.receive(0);
  expect((await ben.heard('recv-error', 3))[2]?.detail).toEqual({
    result: 1180,
    error: 'room is disconected',
    desc: 'File sharing is not allowed on disconnected rooms',
  });
  await ben.send([small.path], {});
  expect((await ben.heard('send-error'))[0]?.detail.result).toBe(1180);
});

test('the room around the files: users, messages, properties', async ({ participant }) => {
  const ana = await participant('Ana', { role: 'moderator' });
  const ben = await participant('Ben');
  await ana.heard('user-connected');
  const view = await ana.page.evaluate(() => ({
    me: window.room.me.name,
    moderator: window.room.isModerator(),
    state: window.room.state,
    names: [...window.room.userList.values()].map((user: { name: string }) => user.name).sort(),
    waiting: [window.room.awaitedParticipants instanceof Map, window.room.waitRoom],
    same: window.room.clientID === window.room.clientId,
  }));
  expect(view).toEqual({
    me: 'Ana',
    moderator: true,
    state: 2,
    names: ['Ana', 'Ben'],
    waiting: [true, false],
    same: true,
  });
  await ben.page.evaluate((id) => window.room.sendMessage('hello', false, [id], () => {}), await ana.clientId());
  expect((await ana.heard('message-received'))[0]?.detail.message).toEqual(
    expect.objectContaining({ broadcast: false, sender: 'Ben', message: 'hello' }),
  );
  const answer = await ana.page.evaluate(() => new Promise((resolve) => window.room.publish({}, {}, resolve)));
  expect(answer).toEqual(expect.objectContaining({ result: 1171 }));
  await ben.page.evaluate(() => window.room.disconnect());
  expect((await ana.heard('user-disconnected'))[0]?.detail).toEqual(
    expect.objectContaining({ name: 'Ben', role: 'participant' }),
  );
});

test("the application's page is the contract's own sample", async () => {
  const source = await readFile(new URL('../app/contract.html', import.meta.url), 'utf8');
  for (const call of [
    'room.sendFiles(FileList, shareOptions, function (resp)',
    "room.addEventListener('fs-upload-result', function (event)",
    "room.addEventListener('fs-download-result', function (event)",
    'room.availableFiles',
    'room.recvFiles(',
  ]) {
    expect(source).toContain(call);
  }
});
