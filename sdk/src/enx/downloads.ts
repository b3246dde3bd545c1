import { readIsMobile, readOptions } from './arguments.js';
import type { AvailableFiles } from './available.js';
import { answer, answerSoon } from './callback.js';
import { cancelJobs } from './cancel.js';
import type { CoreDownload, CoreFile, CoreRoom, CoreTransfer, CoreTransferState, CoreUpload, Fault } from './core.js';
import { codes, disconnected, downloadFailure, type EnxFailure, failure, faultOf } from './errors.js';
import { Pace } from './pace.js';
import {
  type DownloadableFile,
  type DownloadMessage,
  downloadCompleted,
  downloadFailed,
  downloadJobId,
  downloadProgress,
  downloadStarted,
  downloadSuccess,
} from './payloads.js';

/** One call of recvFiles; several may wait for one transfer. */
interface Caller {
  readonly isMobile: boolean;
  readonly callback: unknown;
}

/** One running download of one file. */
interface DownloadJob {
  readonly entry: DownloadableFile;
  readonly file: CoreFile;
  readonly download: CoreDownload;
  readonly callers: Caller[];
  readonly pace: Pace;
  /** Whether a caller wants the browser to save the file; it is handed over once. */
  saves: boolean;
  started: boolean;
}

/** The downloads of a room object: recvFiles and cancelDownloads. */
export class Downloads {
  private readonly running = new Map<string, DownloadJob>();
  private readonly byTransfer = new Map<CoreTransfer, DownloadJob>();

  /** `ready` is the room while it is connected; `tell` dispatches `fs-download-result`. */
  constructor(
    private readonly ready: () => CoreRoom | undefined,
    private readonly available: AvailableFiles,
    private readonly tell: (message: DownloadMessage) => void,
  ) {}

  /** Hears of this room's transfers from now on. */
  bind(core: CoreRoom): void {
    // What recvFiles begins is its own by then.
    core.on('transfer-added', ({ transfer }) => queueMicrotask(() => this.adopt(core, transfer)));
    core.on('transfer-changed', ({ transfer }) => this.progress(transfer));
  }

  /** Receives a file, or joins its running download. */
  receive(index: unknown, options: unknown, callback: unknown): void {
    const given = readOptions(options, callback);
    const caller = { isMobile: readIsMobile(given.options), callback: given.callback };
    const refused = this.begin(index, caller);
    if (refused) answerSoon(given.callback, refused);
  }

  /** Cancels one job or all; see {@link cancelJobs} for the forms. */
  cancel(args: readonly unknown[]): void {
    const jobs = { keys: () => this.running.keys(), cancel: (id: string) => this.cancelOne(id) };
    cancelJobs(args, jobs, 'download');
  }

  private begin(index: unknown, caller: Caller): EnxFailure | undefined {
    const core = this.ready();
    if (core === undefined) return disconnected();
    const entry = this.available.find(index) ?? this.available.findArriving(index, core);
    if (entry === 'invalid') return failure(codes.invalid, 'index is neither a number nor a numeric string');
    if (entry === undefined) return failure(codes.receiveDenied, 'no such file is available');
    const file = core.files.get(entry.shareId);
    if (file?.state !== 'available' && file?.state !== 'uploading') return failure(codes.receiveDenied, gone(entry));
    try {
      const job = this.jobOf(entry.shareId);
      if (job) joinJob(job, caller);
      else this.add(entry, file, caller);
      return undefined;
    } catch (cause) {
      return downloadFailure(faultOf(cause));
    }
  }

  private jobOf(shareId: string): DownloadJob | undefined {
    for (const job of this.running.values()) if (job.entry.shareId === shareId) return job;
    return undefined;
  }

  private add(entry: DownloadableFile, file: CoreFile, caller: Caller): void {
    const download = caller.isMobile ? file.download() : file.save();
    this.track({ entry, file, download, callers: [caller], saves: !caller.isMobile });
  }

  /** A download that a page before this one has begun goes on: nobody here waits for its callback. */
  private adopt(core: CoreRoom, download: CoreUpload | CoreDownload): void {
    if (download.kind !== 'download' || this.byTransfer.has(download)) return;
    const { file } = download;
    const entry = this.available.find(file.id) ?? this.available.findArriving(file.id, core);
    if (typeof entry === 'object') this.track({ entry, file, download, callers: [], saves: false });
  }

  private track(facts: Omit<DownloadJob, 'pace' | 'started'>): void {
    const { entry, download } = facts;
    const job = { ...facts, pace: new Pace(), started: false };
    this.running.set(downloadJobId(entry), job);
    this.byTransfer.set(download, job);
    queueMicrotask(() => this.start(job));
  }

  private start(job: DownloadJob): void {
    job.started = true;
    this.tell(downloadStarted(job.entry));
    job.download.done.then(
      (blob) => this.complete(job, blob),
      (cause: unknown) => this.fail(job, faultOf(cause)),
    );
  }

  private progress(transfer: CoreTransfer): void {
    const job = this.byTransfer.get(transfer);
    if (!job?.started || transfer.state.kind !== 'running') return;
    if (job.pace.due(transfer.progress.transferred)) this.tell(downloadProgress(job.entry, transfer.progress));
  }

  private complete(job: DownloadJob, blob: Blob): void {
    this.end(job);
    this.tell(downloadCompleted(job.entry));
    for (const { isMobile, callback } of job.callers) {
      answer(callback, downloadSuccess(job.entry, job.file.sha256, isMobile ? blob : undefined));
    }
  }

  private fail(job: DownloadJob, fault: Fault): void {
    this.end(job);
    const { state } = job.download;
    const cancelled = state.kind === 'cancelled' || fault.code === 'cancelled';
    const why = downloadFailure(cancelled ? { code: 'cancelled', message: '' } : fault);
    why.desc += byWhom(state);
    const message = downloadFailed(job.entry, cancelled ? 'cancelled' : 'failed', why);
    this.tell(message);
    for (const { callback } of job.callers) {
      answer(callback, { ...why, jobId: message.jobId, response: message.response });
    }
  }

  /** A file that was named by its share id may have an index by now. */
  private cancelOne(id: string): boolean {
    const entry = this.available.find(id);
    const job = this.running.get(id) ?? (typeof entry === 'object' ? this.jobOf(entry.shareId) : undefined);
    job?.download.cancel();
    return job !== undefined;
  }

  private end(job: DownloadJob): void {
    this.running.delete(downloadJobId(job.entry));
    this.byTransfer.delete(job.download);
  }
}

/** The bytes move once; a save that nobody asked for before is asked for now. */
function joinJob(job: DownloadJob, caller: Caller): void {
  if (!caller.isMobile && !job.saves) {
    job.saves = true;
    job.file.save().done.catch(() => undefined);
  }
  job.callers.push(caller);
}

function byWhom(state: CoreTransferState): string {
  if (state.kind !== 'cancelled' || state.by === 'me') return '';
  return state.by === 'sender'
    ? ': the file was withdrawn by its sender'
    : ': the room was left, or no longer has the file';
}

function gone(entry: DownloadableFile): string {
  switch (entry.status) {
    case 'revoked':
      return 'the file was withdrawn by its sender';
    case 'expired':
      return 'the file has expired';
    case 'available':
    case 'uploading':
      return 'the file is not available any more';
  }
}
