export * from './fake-room.js';
export * from './rooms.js';
