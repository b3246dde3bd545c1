import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Call } from './call.js';
import './call.css';
import { Lobby } from './lobby.js';

function App() {
  const [token, setToken] = useState<string>();
  return token === undefined ? (
    <Lobby onToken={setToken} />
  ) : (
    <Call token={token} onLeave={() => setToken(undefined)} />
  );
}

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
