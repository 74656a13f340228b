/** Who is signed in, and which view he looks at. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { SessionView } from '../../src/api/views';
import { get, messageOf, post, remove, whenSignedOut } from './api';
import { Frame } from './frame';
import { useLive, type Live } from './live';
import { AccountPage } from './pages/account-page';
import { AccountsPage } from './pages/accounts-page';
import { ClusterPage } from './pages/cluster-page';
import { DoubtsPage } from './pages/doubts-page';
import { LocksPage } from './pages/locks-page';
import { PaymentPage } from './pages/payment-page';
import { SearchPage } from './pages/search-page';
import { SignInPage } from './pages/sign-in-page';
import { accountHref, go, useRoute, type Route } from './router';

export function App() {
  const [session, setSession] = useState<SessionView | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const route = useRoute();
  const viewer = session?.viewer ?? null;
  const live = useLive(viewer?.isOperator === true);

  const signIn = useCallback(async (credential: { readonly token: string } | { readonly code: string }) => {
    setProblem(null);
    try {
      const signedIn = await post<SessionView>('/api/session', credential);
      setSession(signedIn);
      const account = signedIn.viewer?.account ?? null;
      go(account === null ? '#/' : accountHref(account));
    } catch (error) {
      setProblem(messageOf(error));
      setSession((before) => before ?? { viewer: null, hasShow: false });
      // The secret has been used, or is of no use.
      if ('code' in credential) go('#/');
    }
  }, []);

  useEffect(() => {
    whenSignedOut(() => setSession((before) => (before === null ? before : { ...before, viewer: null })));
    const code = route.path[0] === 'sign-in' ? route.query.get('code') : null;
    if (code !== null) void signIn({ code });
    else
      get<SessionView>('/api/session').then(setSession, (error: unknown) => {
        setProblem(messageOf(error));
        setSession({ viewer: null, hasShow: false });
      });
    // Once, when the page is opened.
  }, []);

  const signOut = (): void => {
    void remove('/api/session').finally(() => {
      setSession((before) => (before === null ? before : { ...before, viewer: null }));
      go('#/');
    });
  };

  if (session === null) return <div class="opening" aria-busy="true" />;
  if (viewer === null) return <SignInPage problem={problem} onSignIn={signIn} />;
  return (
    <Frame viewer={viewer} live={live} route={route} onSignOut={signOut}>
      {pageOf(route, session, live)}
    </Frame>
  );
}

function pageOf({ path, query }: Route, session: SessionView, live: Live): ComponentChildren {
  const isOperator = session.viewer?.isOperator === true;
  const [name = '', inner] = path;
  switch (name) {
    case 'accounts':
      if (inner !== undefined) return <AccountPage key={inner} number={inner} />;
      return isOperator ? <AccountsPage /> : <AccountPage number={session.viewer?.account ?? ''} />;
    case 'payment':
      return <PaymentPage key={query.toString()} query={query} />;
    case 'search':
      return <SearchPage key={query.get('q') ?? ''} text={query.get('q') ?? ''} />;
    default:
      if (!isOperator) return <AccountPage number={session.viewer?.account ?? ''} />;
      if (name === 'doubts') return <DoubtsPage operator={session.viewer?.name ?? ''} />;
      if (name === 'locks') return <LocksPage operator={session.viewer?.name ?? ''} />;
      return <ClusterPage live={live} hasShow={session.hasShow} />;
  }
}
