import { App } from '../harness/app.js';
import { expect, test } from '../harness/test.js';

const permissions = { send: true, receive: true, sendToAll: true, moderate: false };
const user = (name: string, clientId: unknown = expect.any(String)) => ({
  clientId,
  name,
  role: 'participant',
  user_ref: name,
  permissions,
});

/** What came, by name, in its order. */
const order = async (app: App, ...names: string[]): Promise<string[]> =>
  (await app.journal(...names)).map((entry) => entry.what);

test('a room object: connected, told, left', async ({ browser, appHost, network, backEnd }) => {
  const context = await browser.newContext();
  const url = appHost.url(network.origin);
  const ana = await App.connect(context, url, await backEnd.token('Ana'));
  expect(await order(ana)).toEqual(['connect-returned', 'room-connected', 'connect-callback']);
  const [returned, connected, callback] = await ana.journal();
  const me = user('Ana', await ana.clientId());
  const room = expect.objectContaining({ room_id: backEnd.room, name: 'Physics 101', settings: { mode: 'group' } });
  expect(returned?.detail).toEqual({ state: 1 });
  expect(connected?.detail).toEqual({ type: 'room-connected', streams: [], users: [me], room, me });
  expect(callback?.detail).toEqual({ success: { result: 0, streams: [], users: [me], room, me }, error: null });

  const ben = await App.connect(context, url, await backEnd.token('Ben'));
  const [joined] = await ana.heard('user-connected');
  expect(joined?.detail).toEqual({ type: 'user-connected', ...user('Ben', await ben.clientId()) });
  expect(await ana.page.evaluate(() => window.EnxRtc.listParticipants(window.room))).toHaveLength(2);

  await ben.page.evaluate(() => window.room.disconnect());
  const [gone] = await ben.heard('room-disconnected');
  expect(gone?.detail.message).toEqual({ cause: { cause: 2006, msg: 'normal-disconnect' } });
  expect(await ben.page.evaluate(() => window.room.state)).toBe(0);
  const [left] = await ana.heard('user-disconnected');
  expect(left?.detail).toEqual({ type: 'user-disconnected', ...user('Ben') });
  await context.close();
});

test('who may not join is told why, on both ways in', async ({ browser, appHost, network, backEnd }) => {
  const context = await browser.newContext();
  const token = await backEnd.token('Ana');
  const wrapper = JSON.parse(Buffer.from(token, 'base64').toString()) as { jwt: string };
  const forged = `${wrapper.jwt.slice(0, -6)}AAAAAA`;
  const app = await App.connect(context, appHost.url(network.origin), forged);
  const error = { type: 'room-error', error: 401, message: expect.any(String) };
  expect((await app.heard('room-error'))[0]?.detail).toEqual(error);
  expect((await app.heard('connect-callback'))[0]?.detail.error).toEqual(error);
  await app.page.evaluate((t) => window.join(t), forged);
  expect((await app.heard('join-error'))[0]?.detail).toEqual(error);
  await context.close();
});

test('a moderator drops a participant', async ({ participant, handout, backEnd }) => {
  const [mod, ben] = [await participant('Mod', { role: 'moderator' }), await participant('Ben')];
  const { status } = await fetch(`${handout.origin}/v1/rooms/${backEnd.room}/participants/${await ben.clientId()}`, {
    method: 'DELETE',
    headers: { Authorization: `Bearer ${mod.token}` },
  });
  expect(status).toBe(204);
  const [gone] = await ben.heard('room-disconnected');
  expect(gone?.detail.message.cause).toEqual({ cause: 2001, msg: 'disconnected-by-moderator' });
  await mod.heard('user-disconnected');
});

test('messages and data, to all and to one', async ({ participant }) => {
  const [ana, ben, cleo] = [await participant('Ana'), await participant('Ben'), await participant('Cleo')];
  const to = await ben.clientId();
  const answers = await ana.page.evaluate(async (id) => {
    const said = (call: (callback: (answer: unknown) => void) => void) => new Promise(call);
    return [
      await said((callback) => window.room.sendUserData({ page: 3 }, false, [id], callback)),
      await said((callback) => window.room.sendMessage('hello', true, [], callback)),
    ];
  }, to);
  expect(answers).toEqual(Array(2).fill(expect.objectContaining({ result: 0 })));
  const facts = { sender: 'Ana', senderId: await ana.clientId(), timestamp: expect.any(Number) };
  expect((await ben.heard('user-data-received'))[0]?.detail).toEqual({
    type: 'user-data-received',
    message: { ...facts, broadcast: false, message: { page: 3 } },
  });
  expect((await cleo.heard('message-received'))[0]?.detail).toEqual({
    type: 'message-received',
    message: { ...facts, broadcast: true, message: 'hello' },
  });
  expect(await cleo.journal('user-data-received')).toEqual([]);
  expect(await ana.journal('message-received')).toEqual([]);
});

const losses = ['network-disconnected', 'network-reconnecting', 'network-reconnected', 'network-reconnect-timeout'];

test('a lost network: coming back, giving up, not coming back', async ({ participant, network }) => {
  const reconnect = { allow_reconnect: true, number_of_attempts: 100, timeout_interval: 500 };
  const ana = await participant('Ana', { reconnect });
  const ben = await participant('Ben', { reconnect: { ...reconnect, number_of_attempts: 1 } });
  const cleo = await participant('Cleo', { reconnect: { allow_reconnect: false } });
  network.cut();
  const unexpected = { cause: { cause: 2002, msg: 'unexpected-disconnect' } };
  for (const app of [ben, cleo]) {
    const [gone] = await app.heard('room-disconnected');
    expect(gone?.detail.message).toEqual(unexpected);
  }
  expect(await order(ben, ...losses)).toEqual([
    'network-disconnected',
    'network-reconnecting',
    'network-reconnect-timeout',
  ]);
  expect((await ben.journal(...losses)).map((entry) => entry.detail.error)).toEqual([1163, undefined, 1165]);
  expect(await order(cleo, ...losses)).toEqual(['network-disconnected']);
  network.mend();
  await ana.heard('network-reconnected');
  expect(await order(ana, ...losses)).toEqual(['network-disconnected', 'network-reconnecting', 'network-reconnected']);
  expect((await ana.journal(...losses)).map((entry) => entry.detail.error)).toEqual([1163, undefined, 1164]);
  expect(await ana.page.evaluate(() => window.room.state)).toBe(2);
});

test('a room that ended meanwhile cannot be come back to', async ({ participant, network, handout, backEnd }) => {
  const ana = await participant('Ana');
  network.cut();
  await ana.heard('network-disconnected');
  const { status } = await fetch(`${handout.origin}/v1/rooms/${backEnd.room}`, {
    method: 'DELETE',
    headers: { Authorization: `Basic ${Buffer.from('dev:devkey').toString('base64')}` },
  });
  expect(status).toBe(200);
  network.mend();
  const [gone] = await ana.heard('room-disconnected');
  expect(gone?.detail).toMatchObject({ reason: 'room-ended', message: { cause: { cause: 2002 } } });
  const told = await ana.journal(...losses, 'network-reconnect-failed');
  expect(told.map((entry) => [entry.what, entry.detail.error])).toEqual([
    ['network-disconnected', 1163],
    ['network-reconnecting', undefined],
    ['network-reconnect-failed', 410],
  ]);
});

test('what stands around the room', async ({ participant }) => {
  const ana = await participant('Ana');
  const around = await ana.page.evaluate(async () => {
    const { EnxRtc, room } = window;
    const answer = (call: (callback: (value: unknown) => void) => void) => new Promise(call);
    const stream = EnxRtc.EnxStream({ audio: true });
    EnxRtc.Logger.setLogLevel(0);
    return {
      version: EnxRtc.version,
      supported: EnxRtc.isSupported(),
      made: [EnxRtc.EnxRoom({}), new EnxRtc.EnxRoom({})].map((made) => made.state),
      devices: await answer((callback) => EnxRtc.getDevices(callback)),
      who: ((await answer((callback) => room.whoAmI(callback))) as { name: string }).name,
      config: [stream.config.video.deviceId, stream.config.audio.deviceId],
      muted: ((await answer((callback) => stream.muteAudio(callback))) as { result: number }).result,
      refused: await answer((callback) => room.startScreenShare(callback)),
      streams: [room.remoteStreams.getAll(), room.localStreams.getAll()],
      settings: room.roomSettings,
      room: room.roomID,
    };
  });
  expect(around).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    supported: true,
    made: [0, 0],
    devices: { result: 0, devices: { cam: [], mic: [] } },
    who: 'Ana',
    config: ['', ''],
    muted: 0,
    refused: { result: 1171, error: expect.any(String), desc: 'media is not served by this server' },
    streams: [[], []],
    settings: { mode: 'group' },
    room: expect.stringMatching(/^rm_/),
  });
});
