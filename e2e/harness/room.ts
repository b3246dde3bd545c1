import { readFile } from 'node:fs/promises';

/** A room made over the server API, as an application's back end does. */
export class BackEnd {
  private constructor(
    private readonly origin: string,
    readonly room: string,
  ) {}

  /** Makes a room. `origin` is where the tokens will tell clients that the server is. */
  static async create(origin: string, settings: unknown = { mode: 'group' }): Promise<BackEnd> {
    const reply = await call(origin, '/video/v2/rooms', { name: 'Physics 101', owner_ref: 'e2e', settings });
    return new BackEnd(origin, (reply as { room: { room_id: string } }).room.room_id);
  }

  /** A token; `origin` is where it says that the server is, if that is another than the room's. */
  async token(name: string, role = 'participant', origin = this.origin): Promise<string> {
    const reply = await call(origin, `/video/v2/rooms/${this.room}/tokens`, { name, role, user_ref: name });
    return (reply as { token: string }).token;
  }

  /** Lays down rules for the room. */
  async rule(rules: unknown): Promise<void> {
    await call(this.origin, `/v1/rooms/${this.room}`, { rules }, 'PUT');
  }

  /** Shares a file as the application; returns the share. */
  async push(path: string, query: Record<string, string>): Promise<{ id: string }> {
    const address = `/uploads?${new URLSearchParams({ room: this.room, ...query })}`;
    return (await send(this.origin, address, 'POST', 'text/plain', await readFile(path))) as { id: string };
  }
}

const call = (origin: string, path: string, body: unknown, method = 'POST'): Promise<unknown> =>
  send(origin, path, method, 'application/json', JSON.stringify(body));

async function send(origin: string, path: string, method: string, type: string, body: BodyInit): Promise<unknown> {
  const response = await fetch(origin + path, {
    method,
    headers: { 'Content-Type': type, Authorization: `Basic ${Buffer.from('dev:devkey').toString('base64')}` },
    body,
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}
