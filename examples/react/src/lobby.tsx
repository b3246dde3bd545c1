import { useState } from 'react';

/** Asks the application's back end for a token: it alone knows the key. */
async function fetchToken(name: string, room: string): Promise<string> {
  const response = await fetch('/token', { method: 'POST', body: JSON.stringify({ name, room }) });
  if (!response.ok) throw new Error(`The back end answered ${response.status}.`);
  return ((await response.json()) as { token: string }).token;
}

export function Lobby({ onToken }: { onToken: (token: string) => void }) {
  const [fault, setFault] = useState('');
  const enter = (form: FormData) =>
    fetchToken(String(form.get('name')), String(form.get('room'))).then(onToken, (error: Error) =>
      setFault(error.message),
    );
  return (
    <form className="lobby" action={enter}>
      <h1>Design review</h1>
      <label>
        Your name <input name="name" required autoComplete="name" />
      </label>
      <label>
        Room <input name="room" required defaultValue="Design review" />
      </label>
      <button type="submit">Join the call</button>
      <p role="alert">{fault}</p>
    </form>
  );
}
