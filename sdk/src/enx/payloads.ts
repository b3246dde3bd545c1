import type { ArrivingFile, AvailableFile } from './available.js';
import type { CoreProgress } from './core.js';
import { codes, type EnxFailure } from './errors.js';

/** What an upload's events and callback say of its file. `shareId` and `sha256` come once they are known. */
export interface UploadInfo {
  upJobId: number;
  name: string;
  size: number;
  type: string;
  shareId?: string;
  sha256?: string;
}

/** Bytes moved, bytes a second and seconds left: of the progress events alone. */
export interface TransferFigures {
  transferred?: number;
  rate?: number;
  /** Absent while it cannot be told. */
  eta?: number;
}

/** The `message` of `fs-upload-result`, and a successful callback of sendFiles. */
export interface UploadMessage {
  messageType: string;
  result: number;
  description: string;
  /** Also here: the contract's own comments read it here. */
  upJobId: number;
  response: { uploadStatus: string; upJobId: number; uploadInfo: UploadInfo & TransferFigures };
}

/** What is downloaded: a file that is available or, by its share id, one that is still being sent. */
export type DownloadableFile = AvailableFile | ArrivingFile;

/** What names a download: the file's index or, while it has none, its share id. */
export function downloadJobId(file: DownloadableFile): string {
  return file.index === undefined ? file.shareId : String(file.index);
}

/** The `message` of `fs-download-result`. */
export interface DownloadMessage {
  messageType: string;
  result: number;
  description: string;
  jobId: string;
  response: { downloadStatus: string; jobId: string; downloadInfo: DownloadableFile & TransferFigures };
}

/** How a transfer that did not complete ended. */
export type FailedStatus = 'failed' | 'cancelled';

function uploadMessage(status: string, result: number, info: UploadInfo & TransferFigures): UploadMessage {
  const { upJobId } = info;
  return {
    messageType: `upload-${status}`,
    result,
    description: `upload ${status}`,
    upJobId,
    response: { uploadStatus: status, upJobId, uploadInfo: { ...info } },
  };
}

function downloadMessage(status: string, result: number, info: DownloadableFile & TransferFigures): DownloadMessage {
  const jobId = downloadJobId(info);
  return {
    messageType: `download-${status}`,
    result,
    description: `download-${status}`,
    jobId,
    response: { downloadStatus: status, jobId, downloadInfo: { ...info } },
  };
}

/** `upload-started`. */
export function uploadStarted(info: UploadInfo): UploadMessage {
  return uploadMessage('started', 0, info);
}

/** `upload-completed`: the event, and what the callback gets. */
export function uploadCompleted(info: UploadInfo): UploadMessage {
  return uploadMessage('completed', 0, info);
}

/** `upload-progress`, an extension. */
export function uploadProgress(info: UploadInfo, progress: CoreProgress): UploadMessage {
  return uploadMessage('progress', 0, { ...info, ...figures(progress) });
}

/** `upload-failed`: its result is always 1185, the callback has the code of the case. */
export function uploadFailed(
  info: UploadInfo,
  status: FailedStatus,
  why: EnxFailure,
): UploadMessage & { desc: string } {
  const message = uploadMessage('failed', codes.listEmpty, info);
  message.response.uploadStatus = status;
  return { ...message, desc: why.desc };
}

/** `download-available`: the event that tells an index. */
export function downloadAvailable(info: AvailableFile): DownloadMessage {
  return { ...downloadMessage('available', 0, info), description: 'file-available' };
}

/** `download-started`. */
export function downloadStarted(info: DownloadableFile): DownloadMessage {
  return downloadMessage('started', 0, info);
}

/** `download-completed`. */
export function downloadCompleted(info: DownloadableFile): DownloadMessage {
  return downloadMessage('completed', 0, info);
}

/** `download-progress`, an extension. */
export function downloadProgress(info: DownloadableFile, progress: CoreProgress): DownloadMessage {
  return downloadMessage('progress', 0, { ...info, ...figures(progress) });
}

/** `download-failed`: result 1183, where the contract's sample has a 0 beside the word failed. */
export function downloadFailed(
  info: DownloadableFile,
  status: FailedStatus,
  why: EnxFailure,
): DownloadMessage & { desc: string } {
  const message = downloadMessage('failed', codes.downloadFailed, info);
  message.response.downloadStatus = status;
  return { ...message, desc: why.desc };
}

/** What the callback of recvFiles gets for a file that has arrived. */
export interface DownloadSuccess {
  messageType: 'download-success';
  result: 0;
  description: 'download-success';
  response: {
    downloadStatus: 'success';
    name: string;
    type: string;
    size: number;
    /** Absent for a file that was named by its share id while it was still being sent. */
    index?: number;
    jobId: string;
    shareId: string;
    sha256?: string;
    /** The file itself, with `isMobile: true`. */
    blob?: Blob;
  };
}

/** The answer to one recvFiles; `blob` for a call with isMobile. */
export function downloadSuccess(info: DownloadableFile, sha256: string | undefined, blob?: Blob): DownloadSuccess {
  const { name, type, size, index, shareId } = info;
  return {
    messageType: 'download-success',
    result: 0,
    description: 'download-success',
    response: {
      downloadStatus: 'success',
      name,
      type,
      size,
      ...(index === undefined ? {} : { index }),
      jobId: downloadJobId(info),
      shareId,
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(blob === undefined ? {} : { blob }),
    },
  };
}

function figures({ transferred, rate, eta }: CoreProgress): TransferFigures {
  return { transferred, rate, ...(eta === undefined ? {} : { eta }) };
}
