import { readdir, readFile } from 'node:fs/promises';

/** The largest resident set that any renderer (a page) of this worker's browsers has had, in bytes. */
export async function rendererPeak(): Promise<number> {
  let peak = 0;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const command = await readFile(`/proc/${pid}/cmdline`, 'latin1');
      if (!command.includes('--type=renderer') || !(await isMine(pid))) continue;
      peak = Math.max(peak, (await field(pid, 'VmHWM')) * 1024);
    } catch {
      // The process has ended meanwhile.
    }
  }
  return peak;
}

/** Whether this process has started the other, or what started it. */
async function isMine(pid: string): Promise<boolean> {
  for (let at = Number(pid); at > 1; at = await field(`${at}`, 'PPid')) if (at === process.pid) return true;
  return false;
}

/** A number of what the kernel says of a process; 0 if it does not say it. */
async function field(pid: string, name: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}
