import { answerSoon, lastFunction } from './callback.js';
import { EnxEvents } from './events.js';

/** What an application asks of a stream; only its shape matters here. */
export type StreamSpec = Record<string, unknown>;

type StreamCall = (...args: unknown[]) => void;

/** Nothing to do, as there is no media; the callback hears that it is done. */
const done: StreamCall = (...args) => {
  answerSoon(lastFunction(args), { result: 0, message: 'there is no media to change' });
};

/**
 * A stream without media. joinRoom returns one at once, as applications play
 * it and read its devices without a guard.
 */
export class EnxStreamObject extends EnxEvents {
  /** What was asked for; `video.deviceId` and `audio.deviceId` can always be read. */
  readonly config: StreamSpec & { audio: { deviceId: string }; video: { deviceId: string } };
  /** No MediaStream. */
  readonly stream = undefined;

  readonly play = done;
  readonly stop = done;
  readonly close = done;
  readonly muteAudio = done;
  readonly unmuteAudio = done;
  readonly muteVideo = done;
  readonly unmuteVideo = done;
  readonly switchCamera = done;
  readonly switchMicrophone = done;

  private readonly id = `local-${randomId()}`;

  constructor(spec?: StreamSpec) {
    super();
    const given = typeof spec === 'object' && spec !== null ? spec : {};
    this.config = { ...given, audio: device(given.audio), video: device(given.video) };
  }

  /** The stream's id. */
  getID(): string {
    return this.id;
  }

  /** What was given as `attributes`. */
  getAttributes(): unknown {
    return this.config.attributes;
  }

  /** False: there is no sound. */
  hasAudio(): boolean {
    return false;
  }

  /** False: there is no video. */
  hasVideo(): boolean {
    return false;
  }

  /** False: there is no screen. */
  hasScreen(): boolean {
    return false;
  }

  /** False: there is no screen. */
  ifScreen(): boolean {
    return false;
  }

  /** Asks for no device; tells at once that the application may go on. */
  init(): void {
    queueMicrotask(() => this.dispatchEvent({ type: 'media-access-allowed', stream: this }));
  }
}

function device(given: unknown): { deviceId: string } {
  const known = typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {};
  return { ...known, deviceId: typeof known.deviceId === 'string' ? known.deviceId : '' };
}

/** Unique in a page; crypto.randomUUID is missing where the page is not served securely. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (word) => word.toString(36)).join('');
}
