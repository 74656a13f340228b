/** The cycle search is what the verdict on serializability rests on, so it is asked about histories whose answer is known. */
import { Graph } from './graph';

test('operations in the order of their times have no cycle', () => {
  const graph = new Graph();
  graph.operation('payment a', 0, 1);
  graph.operation('payment b', 2, 3);
  graph.edge('payment a', 'payment b');
  graph.addRealTime();
  expect(graph.cycle()).toBeNull();
});

test('a read that misses what was answered before it is a cycle with real time', () => {
  const graph = new Graph();
  graph.operation('payment a', 0, 1);
  graph.operation('read of the account', 2, 3);
  graph.edge('read of the account', 'payment a');
  graph.addRealTime();
  expect(graph.cycle()).toEqual(expect.arrayContaining(['payment a', 'read of the account']));
});

test('what is asked at the very moment of an answer comes after it: one client heard the one and began the other', () => {
  const graph = new Graph();
  graph.operation('payment a', 0, 1);
  graph.operation('read of the account', 1, 2);
  graph.edge('read of the account', 'payment a');
  graph.addRealTime();
  expect(graph.cycle()).not.toBeNull();
});

test('two reads that see two payments in different orders are a cycle without any help of time', () => {
  const graph = new Graph();
  for (const name of ['payment a', 'payment b', 'read one', 'read other']) graph.operation(name, 0, 10);
  graph.edge('payment a', 'read one');
  graph.edge('read one', 'payment b');
  graph.edge('payment b', 'read other');
  graph.edge('read other', 'payment a');
  graph.addRealTime();
  expect(graph.cycle()).not.toBeNull();
});

test('operations that overlap may be ordered either way', () => {
  const graph = new Graph();
  graph.operation('payment a', 0, 10);
  graph.operation('read of the account', 5, 6);
  graph.edge('read of the account', 'payment a');
  graph.addRealTime();
  expect(graph.cycle()).toBeNull();
});
