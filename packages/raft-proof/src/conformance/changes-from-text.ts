/** `v1 l2 r3 u4`: make 1 a voter, 2 a learner, remove 3, update 4. */
import { nodeId, SKIPPED_NODE, type ConfChangeStep, type ConfChangeType } from '@mas/raft';

const LETTERS: ReadonlyMap<string, ConfChangeType> = new Map([
  ['v', 'add-node'],
  ['l', 'add-learner'],
  ['r', 'remove-node'],
  ['u', 'update-node'],
]);

/** @throws Error for a token of another form. */
export function changesFromText(text: string): readonly ConfChangeStep[] {
  const tokens = text
    .trim()
    .split(/\s+/)
    .filter((token) => token !== '');
  return tokens.map((token) => {
    const type = LETTERS.get(token.charAt(0));
    if (token.length < 2) throw new Error(`unknown token ${token}`);
    if (type === undefined) throw new Error(`unknown input: ${token}`);
    const id = Number(token.slice(1));
    return { type, nodeId: id === SKIPPED_NODE ? SKIPPED_NODE : nodeId(id) };
  });
}
