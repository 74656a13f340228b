import { findTokens } from './token-match';

const found = (source: string, piece: string): string[] => findTokens(source, piece).map(({ from, to }) => source.slice(from, to));

test('form does not count', () => {
  const source = 'f(\n  a, // why\n  { b: 1, },\n);\nif (x)\n  return;\n';
  expect(found(source, 'f(a, { b: 1 });')).toEqual(['f(\n  a, // why\n  { b: 1, },\n);']);
  expect(found(source, '  if (x) return;\n')).toEqual(['if (x)\n  return;']);
});

test('every other token does', () => {
  expect(found('f(a, b);', 'f(a);')).toEqual([]);
  expect(found("f('a');", "f('b');")).toEqual([]);
  expect(found('a; a;', 'a;')).toHaveLength(2);
  expect(found('a;', ' ')).toEqual([]);
});

test('templates are read as they are', () => {
  const source = 'const a = `x ${ {b: 1}.b } y ${c} z`; const d = `${e}`; }';
  expect(found(source, 'const d = `${e}`;')).toEqual(['const d = `${e}`;']);
  expect(found(source, '`x ${{ b: 1 }.b} y ${c} z`')).toHaveLength(1);
});
