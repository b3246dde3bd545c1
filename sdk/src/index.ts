export { HandoutError } from './errors.js';
export { formatBytes, formatDuration, formatRate } from './format.js';
export type { Audience, Grant, LeaveReason, Limits, Sender, ShareState } from './protocol.js';
