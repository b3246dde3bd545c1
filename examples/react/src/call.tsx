import { HandoutPanel, useRoom } from '@handout/panel/react';
import { useState } from 'react';

export function Call({ token, onLeave }: { token: string; onLeave: () => void }) {
  const standing = useRoom(undefined, token); // the token names the server
  const [open, setOpen] = useState(true);
  const [unread, setUnread] = useState(0);
  if (standing.kind === 'refused') return <p className="word">The room cannot be joined: {standing.error.message}</p>;
  if (standing.kind === 'left') return <p className="word">The call is over.</p>;
  if (standing.kind !== 'in') return <p className="word">Joining …</p>;
  const { room } = standing;
  return (
    <div className="call" data-open={open}>
      <main>
        {[...room.participants.values()].map(({ id, name }) => (
          <figure key={id} data-handout-to={id === room.me.id ? undefined : id}>
            <b>{name.slice(0, 1)}</b>
            <figcaption>{id === room.me.id ? `${name} (you)` : name}</figcaption>
          </figure>
        ))}
      </main>
      <HandoutPanel
        room={room}
        theme="dark"
        drop="page"
        hidden={!open}
        onUnread={({ detail }) => setUnread(detail.count)}
      />
      <nav>
        <button type="button" aria-pressed={open} onClick={() => setOpen(!open)}>
          Files{unread > 0 && <span className="badge">{unread}</span>}
        </button>
        <button type="button" className="leave" onClick={onLeave}>
          Leave
        </button>
      </nav>
    </div>
  );
}
