import { answerSoon, lastFunction } from './callback.js';
import { codes } from './errors.js';
import { EnxEvents } from './events.js';

/** A call for media or moderation: any arguments, the last function is its callback. */
type MediaCall = (...args: unknown[]) => void;

/** Answers a call for media: this server shares files. */
const refuse: MediaCall = (...args) => {
  answerSoon(lastFunction(args), {
    result: codes.noMedia,
    error: 'media is not available',
    desc: 'media is not served by this server',
  });
};

/** An empty list of streams. */
export class NoStreams {
  /** Nothing: there are no streams. */
  get(_id?: unknown): undefined {
    return undefined;
  }

  /** An empty array. */
  getAll(): never[] {
    return [];
  }

  /** Calls nothing. */
  forEach(_visit?: unknown): void {}
}

/**
 * The media and moderation side of an EnxRoom. Applications make these calls
 * after joining; each exists, answers its callback with 1171 and never throws.
 */
export class MediaRoom extends EnxEvents {
  readonly remoteStreams = new NoStreams();
  readonly localStreams = new NoStreams();
  readonly awaitedParticipants = new Map<string, never>();
  readonly waitRoom = false;

  readonly publish = refuse;
  readonly unpublish = refuse;
  readonly subscribe = refuse;
  readonly unsubscribe = refuse;
  readonly startScreenShare = refuse;
  readonly stopScreenShare = refuse;
  readonly startCanvas = refuse;
  readonly stopCanvas = refuse;
  readonly startAnnotation = refuse;
  readonly stopAnnotation = refuse;

  readonly lock = refuse;
  readonly unlock = refuse;
  readonly mute = refuse;
  readonly unmute = refuse;
  readonly muteRoom = refuse;
  readonly unmuteRoom = refuse;
  readonly hardMute = refuse;
  readonly hardUnmute = refuse;
  readonly hardMuteUserAudio = refuse;
  readonly hardUnmuteUserAudio = refuse;
  readonly hardMuteUserVideo = refuse;
  readonly hardUnmuteUserVideo = refuse;
  readonly dropUser = refuse;
  readonly switchUserRole = refuse;
  readonly approveAwaitedUser = refuse;
  readonly denyAwaitedUser = refuse;
  readonly requestFloor = refuse;
  readonly cancelFloor = refuse;
  readonly grantFloor = refuse;
  readonly denyFloor = refuse;
  readonly finishFloor = refuse;
  readonly releaseFloor = refuse;
  readonly inviteToFloor = refuse;

  readonly startRecord = refuse;
  readonly stopRecord = refuse;
  readonly startLiveRecording = refuse;
  readonly stopLiveRecording = refuse;
  readonly startStreaming = refuse;
  readonly stopStreaming = refuse;
  readonly startLiveTranscription = refuse;
  readonly stopLiveTranscription = refuse;
  readonly makeOutboundCall = refuse;

  readonly setTalkerCount = refuse;
  readonly getTalkerCount = refuse;
  readonly getMaxTalkers = refuse;
  readonly setReceiveVideoQuality = refuse;
  readonly getReceiveVideoQuality = refuse;
  readonly changeToAudioOnly = refuse;
  readonly switchMediaDevice = refuse;
  readonly setAdvancedOptions = refuse;
  readonly getAdvancedOptions = refuse;
  readonly extendConferenceDuration = refuse;
  readonly postClientLogs = refuse;
}
