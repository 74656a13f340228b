/** Every step of a payment in words. */
import type { StepView } from '../../../src/api/views';
import { Scrolling } from '../parts/basics';

export function Steps({ steps }: { readonly steps: readonly StepView[] }) {
  const startMs = steps[0]?.atMs ?? 0;
  if (steps.length === 0) return null;
  return (
    <Scrolling label="Steps">
      <table class="steps">
        <thead>
          <tr>
            <th scope="col" class="number">
              After
            </th>
            <th scope="col">Step</th>
            <th scope="col">Bucket</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {steps.map(({ atMs, step, bucket, detail }, at) => (
            <tr key={at} data-step={step}>
              <td class="number">{(atMs - startMs).toFixed(1)} ms</td>
              <td>{step}</td>
              <td>{bucket ?? '\u2013'}</td>
              <td>{detail ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolling>
  );
}
