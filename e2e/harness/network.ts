import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The network between the browser and the server, a TCP proxy that can lose it: `cut` ends
 * every connection and refuses new ones until `mend`. `bytesPerSecond` slows
 * each direction of each connection. `corrupt` flips a bit of the next large piece that the
 * server sends, which is one of a file.
 */
export class Network {
  bytesPerSecond = Number.POSITIVE_INFINITY;
  corrupt = false;
  /** Where each request for a file's bytes began, in order. */
  readonly asked: number[] = [];
  private up = true;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: { host: string; port: number },
  ) {}

  static async start(origin: string): Promise<Network> {
    const { hostname, port } = new URL(origin);
    const server = createServer();
    const proxy = new Network(server, { host: hostname, port: Number(port) });
    server.on('connection', (client) => proxy.accept(client));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.up = false;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.up = true;
  }

  async dispose(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(client: Socket): void {
    if (!this.up) {
      client.destroy();
      return;
    }
    const upstream = connect(this.target);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      this.sockets.add(socket);
      // A lost connection is what this proxy is for.
      socket.on('error', () => {});
      socket.on('close', () => {
        this.sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    // A request's head comes in one piece.
    client.on('data', (chunk: Buffer) => {
      const head = /^GET \/v1\/shares\/\S+\/content [\s\S]*?\r\n\r\n/.exec(chunk.toString('latin1'))?.[0];
      if (head !== undefined) this.asked.push(Number(/^range: bytes=(\d+)-/im.exec(head)?.[1] ?? 0));
    });
    client.pipe(this.throttle()).pipe(upstream);
    upstream.pipe(this.corrupter()).pipe(this.throttle()).pipe(client);
  }

  private corrupter(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        const last = chunk.length - 1;
        if (this.corrupt && chunk.length >= 16 << 10) {
          chunk.writeUInt8(chunk.readUInt8(last) ^ 1, last);
          this.corrupt = false;
        }
        done(null, chunk);
      },
    });
  }

  /** Passes bytes on at the rate that is set when they pass. */
  private throttle(): Transform {
    return new Transform({
      highWaterMark: 64 << 10,
      transform: (chunk: Buffer, _encoding, done) => {
        const rate = this.bytesPerSecond;
        if (!Number.isFinite(rate)) {
          done(null, chunk);
          return;
        }
        void sleep((chunk.length / rate) * 1000).then(() => done(null, chunk));
      },
    });
  }
}
