/** The page's title: the room, and in front of it what nobody has looked at yet. */
export function titleOf(room: string, unread: number): string {
  return `${unread === 0 ? '' : `(${unread}) `}${room} · Handout`;
}
