/** Signing in with a token, for who has not come by a one-time address. */
import { useState } from 'preact/hooks';
import { Problem } from '../parts/basics';

interface SignInProps {
  readonly problem: string | null;
  readonly onSignIn: (credential: { readonly token: string }) => Promise<void>;
}

export function SignInPage({ problem, onSignIn }: SignInProps) {
  const [token, setToken] = useState('');
  const [isBusy, setBusy] = useState(false);
  const submit = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    void onSignIn({ token: token.trim() }).finally(() => setBusy(false));
  };
  return (
    <main class="sign-in">
      <form class="panel" onSubmit={submit}>
        <img src="/icon.svg" alt="" width="44" height="44" />
        <h1>Mini Account System</h1>
        <p>Open the address that stands where the console was started, or sign in with a token.</p>
        {problem !== null && <Problem>{problem}</Problem>}
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          value={token}
          required
          autocomplete="off"
          spellcheck={false}
          placeholder="eyJ…"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? 'Signing in\u2026' : 'Sign in'}
        </button>
        <p class="hint">
          An operator’s token (<code>certs/operator.jwt</code>) sees and does everything. An account’s token sees its own account and changes nothing.
        </p>
      </form>
    </main>
  );
}
