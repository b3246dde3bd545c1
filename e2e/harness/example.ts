import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { repository } from './readme.js';

/** An example with its back end, as its README says to run it. */
export class Example {
  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
  ) {}

  /** Starts the back end for a folder of the repository; `api` is where it finds the server's API. */
  static async start(folder: string, api: string): Promise<Example> {
    const child = spawn(process.execPath, ['examples/back-end.mjs', folder], {
      cwd: repository,
      env: { ...process.env, HANDOUT_API: api, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('exit', (code) => reject(new Error(`the back end ended with ${code}`)));
    });
    return new Example(child, url);
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill();
    await gone;
  }
}
