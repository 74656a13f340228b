/** What is not as it should be, worst first, each with what to do. */
import type { LiveView } from '../../../src/api/views';

const WORDS = { bad: 'Failure', warning: 'Warning', note: 'Note' } as const;

export function Problems({ view }: { readonly view: LiveView }) {
  const { problems } = view;
  return (
    <section class="problems" aria-label="Health" aria-live="polite">
      {problems.length === 0 && (
        <p class="well" data-health="well">
          All is well: every bucket has its leader and all its replicas.
        </p>
      )}
      {problems.map(({ id, severity, title, todo, runbook }) => (
        <article key={id} class={`trouble ${severity}`} data-problem={id}>
          <h2>
            <span class="unseen">{WORDS[severity]}: </span>
            {title}
          </h2>
          <p>
            {todo}
            {runbook !== null && (
              <>
                {' '}
                See “{runbook}” in <code>docs/runbooks.md</code>.
              </>
            )}
          </p>
        </article>
      ))}
    </section>
  );
}
