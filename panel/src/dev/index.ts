export * from './fake-room.js';
export * from './message-checks.js';
export * from './rooms.js';
