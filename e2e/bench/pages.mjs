import { createServer } from 'node:http';

/** An application that receives every file that it hears of, as soon as it hears of it. */
const application = (server) => `<!doctype html>
<meta charset="utf-8">
<title>An application</title>
<input type="file" id="file">
<script type="module">
import { join } from '${server}/sdk/handout.js';
const now = () => performance.timeOrigin + performance.now();
let room, upload, arrival, told;

window.enter = async (token) => {
  room = await join(token, { server: '${server}' });
  room.on('file-added', ({ file }) => file.mine || receive(file));
};

async function receive(file) {
  const { size } = await file.download().done;
  told({ at: now(), size, sha256: file.sha256 });
}

window.expect = () => { arrival = new Promise((resolve) => { told = resolve; }); };
window.arrived = () => arrival;
window.sendFile = () => {
  const sent = now();
  [upload] = room.send(document.querySelector('#file').files, { to: 'room' });
  return sent;
};
window.withdraw = async () => (await upload.done).revoke();
</script>`;

/** Serves the application from an origin of its own. */
export class AppHost {
  #server = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(application(new URL(request.url, 'http://app').searchParams.get('server')));
  });

  static async start() {
    const host = new AppHost();
    await new Promise((resolve) => host.#server.listen(0, '127.0.0.1', resolve));
    return host;
  }

  url(handout) {
    return `http://127.0.0.1:${this.#server.address().port}/?server=${encodeURIComponent(handout)}`;
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The page of the plain server: it keeps what is PUT, so it can keep its page too. */
export const plainPage = {
  name: 'page.html',
  html: `<!doctype html>
<meta charset="utf-8">
<title>PUT and GET</title>
<input type="file" id="file">
<script>
async function timed(work) {
  const start = performance.now();
  const size = await work();
  return { ms: performance.now() - start, size };
}
window.put = (name) => timed(async () => {
  const [file] = document.querySelector('#file').files;
  const reply = await fetch('/' + name, { method: 'PUT', body: file });
  if (!reply.ok) throw new Error('PUT: ' + reply.status);
  return file.size;
});
window.get = (name) => timed(async () => (await (await fetch('/' + name, { cache: 'no-store' })).blob()).size);
</script>`,
  async put(origin) {
    const reply = await fetch(`${origin}/${plainPage.name}`, { method: 'PUT', body: plainPage.html });
    if (!reply.ok) throw new Error(`the plain server: ${reply.status}`);
  },
};

/** Tokens for participants of one new room, as an application's back end asks for them. */
export async function roomTokens(origin, names) {
  const { room } = await ask(origin, '/v1/rooms', { name: 'bench', owner_ref: 'bench', settings: {} });
  const tokens = names.map((name) =>
    ask(origin, `/v1/rooms/${room.room_id}/tokens`, { name, role: 'participant', user_ref: name }),
  );
  return (await Promise.all(tokens)).map(({ token }) => token);
}

async function ask(origin, target, body) {
  const headers = {
    'Content-Type': 'application/json',
    Authorization: `Basic ${Buffer.from('dev:devkey').toString('base64')}`,
  };
  const reply = await fetch(origin + target, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!reply.ok) throw new Error(`${target}: ${reply.status} ${await reply.text()}`);
  return reply.json();
}
