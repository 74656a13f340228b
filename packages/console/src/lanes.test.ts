/** The pages' reading of a timeline, which needs no browser. */
import { lanesOf } from '../web/src/payment/lanes';
import type { StepView } from './api/views';

const step = (atMs: number, name: string, bucket: number | null = null, detail: string | null = null): StepView => ({ atMs, step: name, bucket, detail });
const shown = (steps: readonly StepView[]): unknown =>
  lanesOf(steps).lanes.map(({ name, spans }) => [
    name,
    ...spans.map(({ fromMs, toMs, phase, isOpen }) => `${phase} ${fromMs}-${toMs}${isOpen ? ' open' : ''}`),
  ]);

test('both phases of a payment over three buckets', () => {
  const steps = [
    step(0, 'received'),
    step(1, 'prepare-sent', 1, 'bob'),
    step(1, 'prepare-sent', 3, 'carol'),
    step(4, 'prepared', 3, 'carol'),
    step(5, 'prepared', 1, 'bob'),
    step(5, 'decide-sent', 2, 'commit'),
    step(9, 'decided', 2, 'COMMITTED'),
    step(9, 'answered'),
    step(9, 'tell-sent'),
    step(12, 'told', 1, 'bob'),
    step(13, 'told', 3, 'carol'),
    step(13, 'ended'),
  ];
  expect(lanesOf(steps)).toMatchObject({ startMs: 0, lastedMs: 13 });
  expect(shown(steps)).toEqual([
    ['coordinator', 'mark 0-0', 'mark 9-9', 'mark 13-13'],
    ['bucket 3', 'prepare 1-4', 'tell 9-13'],
    ['bucket 1', 'prepare 1-5', 'tell 9-12'],
    ['bucket 2', 'decide 5-9'],
  ]);
});

test('two accounts of one bucket are two questions', () => {
  expect(shown([step(0, 'prepare-sent', 1, 'a'), step(2, 'prepare-sent', 1, 'b'), step(5, 'prepared', 1, 'b'), step(9, 'prepared', 1, 'a')])).toEqual([
    ['coordinator'],
    ['bucket 1', 'prepare 2-5', 'prepare 0-9'],
  ]);
});

test('what is asked again had no answer until then; what was never answered stays open to the end', () => {
  expect(shown([step(0, 'decide-sent', 2, 'commit'), step(300, 'decide-sent', 2, 'commit'), step(310, 'decided', 2, 'COMMITTED')])).toEqual([
    ['coordinator'],
    ['bucket 2', 'decide 0-300 open', 'decide 300-310'],
  ]);
  expect(shown([step(0, 'prepare-sent', 1, 'a'), step(50, 'answered', null, 'UNKNOWN')])).toEqual([
    ['coordinator', 'mark 50-50'],
    ['bucket 1', 'prepare 0-50 open'],
  ]);
});

test('answers whose questions are not kept, as of a payment that Redis has forgotten, are moments', () => {
  expect(shown([step(3, 'prepared', 1, 'a'), step(5, 'decided', 2, 'COMMITTED'), step(9, 'told', 1, 'a')])).toEqual([
    ['coordinator'],
    ['bucket 1', 'prepare 3-3', 'tell 9-9'],
    ['bucket 2', 'decide 5-5'],
  ]);
  expect(lanesOf([])).toEqual({ startMs: 0, lastedMs: 0, lanes: [{ name: 'coordinator', spans: [] }] });
});
