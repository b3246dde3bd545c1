import { type ChildProcess, spawn } from 'node:child_process';

/** A shell that commands are typed into, one block after the other, as they stand in a page. */
export class Terminal {
  #out = '';
  #heard: () => void = () => undefined;

  private constructor(private readonly shell: ChildProcess) {
    shell.stdout?.on('data', (text: Buffer) => {
      this.#out += text.toString();
      this.#heard();
    });
  }

  static open(folder: string): Terminal {
    const shell = spawn('bash', ['-o', 'pipefail'], {
      cwd: folder,
      detached: true, // with what it runs behind it, it is a group that is ended as one
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    return new Terminal(shell);
  }

  /** Runs a block, and returns what it printed when its last command has ended well. */
  async run(block: string): Promise<string> {
    this.#out = '';
    this.shell.stdin?.write(`${block}\nprintf '\\0%s\\n' $?\n`);
    for (;;) {
      const [, printed = '', code] = /^(.*)\0(\d+)\n/s.exec(this.#out) ?? [];
      if (code === '0') return printed;
      if (code !== undefined) throw new Error(`it ended with ${code}: ${block}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** Waits until a command that does not end has printed something. */
  async says(block: string, what: RegExp): Promise<RegExpExecArray> {
    this.#out = '';
    this.shell.stdin?.write(`${block}\n`);
    for (;;) {
      const found = what.exec(this.#out);
      if (found !== null) return found;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** Ends the shell and all that it runs. */
  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.shell.once('exit', resolve));
    if (this.shell.pid !== undefined) process.kill(-this.shell.pid, 'SIGTERM');
    this.shell.stdin?.end();
    await gone;
  }
}
