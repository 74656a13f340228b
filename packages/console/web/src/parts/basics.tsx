/** Small parts that every view uses. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

const TONES: Readonly<Record<string, string>> = {
  COMMITTED: 'good',
  committed: 'good',
  open: 'good',
  OK: 'good',
  leader: 'good',
  ABORTED: 'bad',
  aborted: 'bad',
  closed: 'bad',
  'NO QUORUM': 'bad',
  stopped: 'bad',
  PENDING: 'wait',
  prepared: 'wait',
  UNKNOWN: 'wait',
  frozen: 'wait',
  DEGRADED: 'wait',
  'NO LEADER': 'wait',
};

/** A state, told by its word; the colour only repeats it. */
export function State({ of }: { readonly of: string }) {
  return <span class={`state ${TONES[of] ?? 'plain'}`}>{of}</span>;
}

export function Panel({
  title,
  aside,
  children,
  className = '',
}: {
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly className?: string;
}) {
  return (
    <section class={`panel ${className}`} aria-label={title}>
      <header>
        <h2>{title}</h2>
        {aside !== undefined && <div class="aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

export function Fact({ name, children, className = '' }: { readonly name: string; readonly children: ComponentChildren; readonly className?: string }) {
  return (
    <div class={`fact ${className}`}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What may be wider than the page, and can then be moved with the keyboard, too. */
export function Scrolling({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolled by keyboard
    <div class="scrolling" role="region" aria-label={`${label}: table`} tabIndex={0}>
      {children}
    </div>
  );
}

export function Problem({ children }: { readonly children: ComponentChildren }) {
  return (
    <p class="problem" role="alert">
      {children}
    </p>
  );
}

export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** Asks before something is done that cannot be undone. */
export function Confirm({
  title,
  children,
  verb,
  isBusy,
  onConfirm,
  onCancel,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly verb: string;
  readonly isBusy: boolean;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before anything is painted: a key pressed as soon as it is seen is its own.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onClose={onCancel}>
      <h2 id="confirm-title">{title}</h2>
      {children}
      <div class="buttons">
        <button type="button" class="quiet" disabled={isBusy} onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button type="button" class="primary" disabled={isBusy} onClick={onConfirm}>
          {isBusy ? 'Under way\u2026' : verb}
        </button>
      </div>
    </dialog>
  );
}
