// A back end as small as it can be: it serves one folder of pages, and hands out tokens.
//
//   node examples/back-end.mjs FOLDER
//
// It alone has the application's key. Yours would first ask who is signed in, and whether
// they belong in that room.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

const api = process.env.HANDOUT_API ?? 'http://localhost:8080/v1';
const app = process.env.HANDOUT_APP ?? 'dev:devkey'; // ID:KEY, as `handout serve --app` has it
const folder = path.resolve(process.argv[2] ?? '.');
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const rooms = new Map(); // a promise of the room's id, by the name that people give it

async function ask(route, body) {
  const response = await fetch(api + route, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Basic ${Buffer.from(app).toString('base64')}` },
    body: JSON.stringify(body),
  });
  const reply = await response.json();
  if (!response.ok) throw new Error(`${route}: ${response.status} ${JSON.stringify(reply)}`);
  return reply;
}

async function makeRoom(name) {
  const { room } = await ask('/rooms', { name, owner_ref: 'example', settings: { mode: 'group' } });
  return room.room_id;
}

async function makeToken(request) {
  const { room, name } = JSON.parse(Buffer.concat(await request.toArray()).toString());
  if (!rooms.has(room)) rooms.set(room, makeRoom(room));
  return ask(`/rooms/${await rooms.get(room)}/tokens`, { name, role: 'participant', user_ref: name });
}

/** A file of the folder; what pages call http://localhost:8080 is wherever the server is. */
async function page(url) {
  const file = path.join(folder, path.normalize(decodeURIComponent(url.pathname)));
  const bytes = await readFile(url.pathname.endsWith('/') ? path.join(file, 'index.html') : file);
  const type = types[path.extname(file)] ?? 'text/html';
  return {
    type,
    body: type === 'text/html' ? bytes.toString().replaceAll('http://localhost:8080', new URL(api).origin) : bytes,
  };
}

const server = createServer(async (request, response) => {
  try {
    const url = new URL(request.url, 'http://page');
    const token = request.method === 'POST' && url.pathname === '/token';
    const { type, body } = token
      ? { type: 'application/json', body: JSON.stringify(await makeToken(request)) }
      : await page(url);
    response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(body);
  } catch (error) {
    const missing = error.code === 'ENOENT';
    if (!missing) console.error(error);
    response.writeHead(missing ? 404 : 502).end();
  }
});
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
