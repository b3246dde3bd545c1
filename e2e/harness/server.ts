import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The program, as make build leaves it. */
export const binary = fileURLToPath(new URL('../../bin/handout', import.meta.url));

/** A running `handout serve --dev` with a data directory of its own. */
export class HandoutServer {
  private constructor(
    private readonly process: ChildProcess,
    readonly data: string,
    readonly origin: string,
    readonly log: string[],
  ) {}

  /** Starts the server; it is ready when the promise resolves. */
  static async start(flags: string[] = [], data?: string, listen = '127.0.0.1:0'): Promise<HandoutServer> {
    const directory = data ?? (await mkdtemp(path.join(tmpdir(), 'handout-e2e-')));
    const child = spawn(binary, ['serve', '--dev', '--listen', listen, '--data', directory, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const log: string[] = [];
    const origin = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        log.push(line);
        const address = /listening.*\burl=(http:\/\/\S+)/.exec(line)?.[1];
        if (address) resolve(address.replace(/\/$/, ''));
      });
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${log.join('\n')}`)));
      child.once('error', reject);
    });
    return new HandoutServer(child, directory, origin, log);
  }

  /** The process id, for reading /proc. */
  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Ends the server with a signal and waits until it is gone; the data stay. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill(signal);
    await gone;
  }

  /** Stops the server and deletes its data. */
  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.data, { recursive: true, force: true });
  }
}
