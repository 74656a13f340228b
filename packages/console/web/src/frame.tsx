/** What stands around every view: where one is, the search, who is signed in. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { SessionView } from '../../src/api/views';
import type { Live } from './live';
import { ThemeButton } from './parts/theme-button';
import { go, href, type Route } from './router';

interface FrameProps {
  readonly viewer: NonNullable<SessionView['viewer']>;
  readonly live: Live;
  readonly route: Route;
  readonly onSignOut: () => void;
  readonly children: ComponentChildren;
}

const VIEWS = [
  { name: '', title: 'Cluster' },
  { name: 'accounts', title: 'Accounts' },
  { name: 'doubts', title: 'In doubt' },
  { name: 'locks', title: 'Locks' },
] as const;

export function Frame({ viewer, live, route, onSignOut, children }: FrameProps) {
  const here = route.path[0] ?? '';
  const problems = live.view?.problems.filter(({ severity }) => severity !== 'note').length ?? 0;
  const counts: Readonly<Record<string, number>> = { '': problems, doubts: live.view?.doubts?.count ?? 0 };
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="bar">
        <a class="brand" href="#/" aria-label="Mini Account System, to the start">
          <img src="/icon.svg" alt="" width="26" height="26" />
          <span>Mini Account System</span>
        </a>
        <Search />
        <div class="bar-end">
          {viewer.isOperator && <Connection live={live} />}
          <ThemeButton />
          <span class="viewer" title={viewer.isOperator ? 'An operator' : 'Sees its own account, changes nothing'}>
            {viewer.name}
            {!viewer.isOperator && <small>reads only</small>}
          </span>
          <button type="button" class="quiet" onClick={onSignOut}>
            Sign out
          </button>
        </div>
        {viewer.isOperator && (
          <nav class="tabs" aria-label="Views">
            {VIEWS.map(({ name, title }) => (
              <a key={name} href={href(name === '' ? [] : [name])} aria-current={here === name ? 'page' : undefined}>
                {title}
                {(counts[name] ?? 0) > 0 && <span class="count">{counts[name]}</span>}
              </a>
            ))}
          </nav>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

/** The hash is the router's. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function Search() {
  const [text, setText] = useState('');
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') go(href(['search'], { q: text.trim() }));
      }}
    >
      <input
        type="search"
        aria-label="Account number or payment id"
        placeholder="Account or payment id"
        value={text}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </form>
  );
}

function Connection({ live }: { readonly live: Live }) {
  const isLive = live.isConnected && live.view?.isCurrent === true;
  return (
    <span class={`connection ${isLive ? 'is-live' : 'is-silent'}`} role="status">
      <i aria-hidden="true" />
      {isLive ? 'live' : live.isConnected ? 'no answer' : 'connecting'}
    </span>
  );
}
