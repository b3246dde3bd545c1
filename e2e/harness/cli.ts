import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { binary } from './server.js';

/** What a command has printed, and how it ended. */
export interface Outcome {
  out: string;
  said: string;
  code: number | null;
}

/** Somebody at a command line, in a directory of their own, with the application's key. */
export class CommandLine {
  readonly #running = new Set<ChildProcess>();

  private constructor(
    readonly directory: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  static async open(server: string, room: string): Promise<CommandLine> {
    const directory = await mkdtemp(path.join(tmpdir(), 'handout-cli-'));
    return new CommandLine(directory, {
      ...process.env,
      HANDOUT_SERVER: server,
      HANDOUT_APP: 'dev:devkey',
      HANDOUT_ROOM: room,
      XDG_STATE_HOME: directory,
    });
  }

  path(...names: string[]): string {
    return path.join(this.directory, ...names);
  }

  /** Starts a command; the promise is how it ends. */
  start(...args: string[]): { process: ChildProcess; ended: Promise<Outcome> } {
    const child = spawn(binary, args, { cwd: this.directory, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#running.add(child);
    let [out, said] = ['', ''];
    child.stdout.on('data', (text) => {
      out += text;
    });
    child.stderr.on('data', (text) => {
      said += text;
    });
    const ended = new Promise<Outcome>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        this.#running.delete(child);
        resolve({ out, said, code });
      });
    });
    return { process: child, ended };
  }

  run(...args: string[]): Promise<Outcome> {
    return this.start(...args).ended;
  }

  async dispose(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL');
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
