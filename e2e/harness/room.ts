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
}

async function call(origin: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(origin + path, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: `Basic ${Buffer.from('dev:devkey').toString('base64')}`,
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}
