import { readFiles, readOptions, readSendOptions } from './arguments.js';
import { answer, answerSoon } from './callback.js';
import { cancelJobs } from './cancel.js';
import type { CoreFile, CoreRoom, CoreTransfer, CoreUpload, Fault } from './core.js';
import { disconnected, type EnxFailure, faultOf, uploadFailure } from './errors.js';
import { Pace } from './pace.js';
import {
  type UploadInfo,
  type UploadMessage,
  uploadCompleted,
  uploadFailed,
  uploadProgress,
  uploadStarted,
} from './payloads.js';

/** One file of one sendFiles call. */
interface UploadJob {
  readonly id: number;
  readonly upload: CoreUpload;
  readonly callback: unknown;
  readonly pace: Pace;
  started: boolean;
}

/** The uploads of a room object: sendFiles and cancelUploads. */
export class Uploads {
  private readonly running = new Map<string, UploadJob>();
  private readonly byTransfer = new Map<CoreTransfer, UploadJob>();
  private lastId = 0;

  /** `ready` is the room while it is connected; `tell` dispatches `fs-upload-result`. */
  constructor(
    private readonly ready: () => CoreRoom | undefined,
    private readonly tell: (message: UploadMessage) => void,
  ) {}

  /** Hears of the progress of this room's transfers from now on. */
  bind(core: CoreRoom): void {
    core.on('transfer-changed', ({ transfer }) => this.progress(transfer));
  }

  /**
   * Sends each file as a job of its own. The list is copied before this
   * returns; `upload-started` comes after, so that the caller is ready for it.
   */
  send(files: unknown, options: unknown, callback: unknown): void {
    const given = readOptions(options, callback);
    const refused = this.begin(files, given.options, given.callback);
    if (refused) answerSoon(given.callback, refused);
  }

  /** Cancels one job or all; see {@link cancelJobs} for the forms. */
  cancel(args: readonly unknown[]): void {
    const jobs = { keys: () => this.running.keys(), cancel: (id: string) => this.cancelOne(id) };
    cancelJobs(args, jobs, 'upload');
  }

  private begin(files: unknown, options: unknown, callback: unknown): EnxFailure | undefined {
    const core = this.ready();
    if (core === undefined) return disconnected();
    const list = readFiles(files);
    if (!list.ok) return list.why;
    const to = readSendOptions(options, core.participants);
    if (!to.ok) return to.why;
    try {
      const jobs = core.send(list.value, { to: to.value }).map((upload) => this.add(upload, callback));
      queueMicrotask(() => this.start(jobs, core.limits.fileSize));
      return undefined;
    } catch (cause) {
      return uploadFailure(faultOf(cause), core.limits.fileSize);
    }
  }

  private add(upload: CoreUpload, callback: unknown): UploadJob {
    this.lastId += 1;
    const job = { id: this.lastId, upload, callback, pace: new Pace(), started: false };
    this.running.set(String(job.id), job);
    this.byTransfer.set(upload, job);
    return job;
  }

  private start(jobs: readonly UploadJob[], limit: number): void {
    for (const job of jobs) {
      job.started = true;
      this.tell(uploadStarted(infoOf(job)));
    }
    for (const job of jobs) {
      job.upload.done.then(
        (file) => this.complete(job, file),
        (cause: unknown) => this.fail(job, faultOf(cause), limit),
      );
    }
  }

  private progress(transfer: CoreTransfer): void {
    const job = this.byTransfer.get(transfer);
    if (!job?.started || transfer.state.kind !== 'running') return;
    if (job.pace.due(transfer.progress.transferred)) this.tell(uploadProgress(infoOf(job), transfer.progress));
  }

  private complete(job: UploadJob, file: CoreFile): void {
    this.end(job);
    const info = { ...infoOf(job), shareId: file.id, ...(file.sha256 === undefined ? {} : { sha256: file.sha256 }) };
    this.tell(uploadCompleted(info));
    answer(job.callback, uploadCompleted(info));
  }

  private fail(job: UploadJob, fault: Fault, limit: number): void {
    this.end(job);
    const { state } = job.upload;
    const cancelled = state.kind === 'cancelled' || fault.code === 'cancelled';
    const why = uploadFailure(cancelled ? { code: 'cancelled', message: '' } : fault, limit);
    if (state.kind === 'cancelled' && state.by === 'room') why.desc += ': the room was left, or no longer has the file';
    const message = uploadFailed(infoOf(job), cancelled ? 'cancelled' : 'failed', why);
    this.tell(message);
    answer(job.callback, { ...why, upJobId: job.id, response: message.response });
  }

  private cancelOne(id: string): boolean {
    const job = this.running.get(id);
    job?.upload.cancel();
    return job !== undefined;
  }

  private end(job: UploadJob): void {
    this.running.delete(String(job.id));
    this.byTransfer.delete(job.upload);
  }
}

function infoOf({ id, upload }: UploadJob): UploadInfo {
  const { name, size, type, file } = upload;
  return { upJobId: id, name, size, type, ...(file === undefined ? {} : { shareId: file.id }) };
}
