import { readAudience } from './arguments.js';
import { answer, answerSoon, lastFunction } from './callback.js';
import type { CoreMessage, CoreRoom } from './core.js';
import { disconnected, type EnxFailure, faultOf, roomCode, saying } from './errors.js';
import type { EnxEvent } from './events.js';

/** A sendMessage or sendUserData call: `(body, broadcast, clientIds, callback)`. */
export type MessageCall = readonly unknown[];

/** Sends what the call says to everyone or to its clientIds, and answers its callback. */
export function sendMessage(core: CoreRoom | undefined, kind: 'text' | 'data', call: MessageCall): void {
  const [body, broadcast, clientIds] = call;
  const callback = lastFunction(call);
  if (core === undefined) {
    answerSoon(callback, { ...disconnected(), desc: 'Messages cannot be sent on disconnected rooms' });
    return;
  }
  const to = readAudience(typeof broadcast === 'function' ? undefined : broadcast, clientIds, core.participants);
  if (!to.ok) {
    answerSoon(callback, to.why);
    return;
  }
  core.sendMessage(body, { to: to.value, kind }).then(
    () => answer(callback, { result: 0, description: 'message sent' }),
    (cause: unknown) => answer(callback, refusal(cause)),
  );
}

function refusal(cause: unknown): EnxFailure {
  const fault = faultOf(cause);
  return { result: roomCode(fault), error: 'message was not sent', desc: saying(fault) };
}

/** The event for a message that somebody else sent. */
export function messageEvent(message: CoreMessage): EnxEvent {
  return {
    type: message.kind === 'text' ? 'message-received' : 'user-data-received',
    message: {
      broadcast: message.to === 'room',
      sender: message.sender.name,
      senderId: message.sender.id,
      message: message.body,
      timestamp: new Date(message.time).getTime(),
    },
  };
}
