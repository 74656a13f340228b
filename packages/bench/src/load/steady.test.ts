import { isSteady } from './steady';

test('too few figures say nothing', () => {
  expect(isSteady([])).toBe(false);
  expect(isSteady([500, 500, 500, 500, 500])).toBe(false);
});

test('what still falls is not steady, what stands still or rises is', () => {
  expect(isSteady([900, 860, 820, 780, 740, 700])).toBe(false);
  expect(isSteady([610, 600, 605, 600, 595, 598])).toBe(true);
  expect(isSteady([600, 600, 600, 640, 650, 640])).toBe(true);
});

test('one odd figure decides nothing', () => {
  expect(isSteady([900, 880, 860, 700, 1_500, 690])).toBe(false);
  expect(isSteady([600, 200, 605, 600, 1_500, 598])).toBe(true);
});
