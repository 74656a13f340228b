/** The world of one group trace: its replicas, the messages under way, and the work that moves them on. */
import type { Message, NodeId, StepMessage, StepResult } from '@mas/raft';
import { unreachable } from '@mas/values';
import { describeMessage } from './describe-message';
import { describeReady, messagesOf } from './describe-state';
import { Output } from './output';
import { traceType } from './trace-fields';
import type { TraceNode } from './trace-node';

export interface Recipient {
  readonly id: number;
  readonly drop: boolean;
}

export class GroupEnvironment {
  readonly output = new Output();
  readonly nodes: TraceNode[] = [];
  private messages: StepMessage[] = [];

  constructor(readonly seed: number) {}

  node(id: number): TraceNode {
    const node = this.nodes[id - 1];
    if (node === undefined) throw new Error(`there is no node ${id}`);
    return node;
  }

  enqueue(message: StepMessage): void {
    this.messages.push(message);
  }

  processReady(node: TraceNode): void {
    const ready = node.node.ready();
    this.output.write(describeReady(ready));
    const isAsync = node.config.asyncStorageWrites;
    if (!isAsync) {
      node.append(ready.hardState, ready.entries, ready.snapshot);
      node.apply(ready.committedEntries);
    }
    for (const message of messagesOf(ready)) {
      if (message.kind === 'storage-append') node.appendWork.push(message);
      else if (message.kind === 'storage-apply') node.applyWork.push(message);
      else this.messages.push(message);
    }
    if (!isAsync) node.node.advance();
  }

  processAppend(node: TraceNode): void {
    const work = node.appendWork.shift();
    if (work === undefined) {
      this.output.write('no append work to perform');
      return;
    }
    this.output.write(`Processing:\n${describeMessage({ ...work, responses: [] })}\n`);
    node.append(work.hardState, work.entries, work.snapshot);
    this.respond(work.responses);
  }

  processApply(node: TraceNode): void {
    const work = node.applyWork.shift();
    if (work === undefined) {
      this.output.write('no apply work to perform');
      return;
    }
    this.output.write(`Processing:\n${describeMessage({ ...work, responses: [] })}\n`);
    node.apply(work.entries);
    this.respond(work.responses);
  }

  /** Delivers (or drops) what is under way now; what that causes waits for the next time. @returns how many. */
  deliver(type: string | undefined, recipients: readonly Recipient[]): number {
    let count = 0;
    for (const { id, drop } of recipients) {
      const taken = this.take(id, type, drop);
      count += taken.length;
      for (const message of taken) {
        this.output.write(`${drop ? 'dropped: ' : ''}${describeMessage(message)}\n`);
        if (drop) continue;
        const refusal = describeRefusal(this.node(id).node.step(message));
        if (refusal !== undefined) this.output.write(`${refusal}\n`);
      }
    }
    return count;
  }

  /** All Readys, all deliveries, all append work, all apply work, until nothing moves. */
  stabilize(nodes: readonly TraceNode[]): void {
    for (let moved = true; moved; ) {
      moved = false;
      const section = (node: TraceNode, has: boolean, title: string, body: () => void): void => {
        if (!has) return;
        moved = true;
        this.output.write(`> ${node.id} ${title}\n`);
        body();
      };
      for (const node of nodes) {
        section(node, node.node.hasReady(), 'handling Ready', () => this.output.indented(() => this.processReady(node)));
      }
      for (const node of nodes) {
        section(
          node,
          this.messages.some((message) => message.to === node.id),
          'receiving messages',
          () => this.output.indented(() => this.deliver(undefined, [{ id: node.id, drop: false }])),
        );
      }
      for (const node of nodes) {
        section(node, node.appendWork.length > 0, 'processing append thread', () => {
          while (node.appendWork.length > 0) this.output.indented(() => this.processAppend(node));
        });
      }
      for (const node of nodes) {
        section(node, node.applyWork.length > 0, 'processing apply thread', () => {
          while (node.applyWork.length > 0) this.output.indented(() => this.processApply(node));
        });
      }
    }
  }

  private respond(responses: readonly StepMessage[]): void {
    this.output.write(`Responses:\n${responses.map((message) => `${describeMessage(message)}\n`).join('')}`);
    this.messages.push(...responses);
  }

  private take(to: number, type: string | undefined, drop: boolean): readonly StepMessage[] {
    const taken: StepMessage[] = [];
    const rest: StepMessage[] = [];
    for (const message of this.messages) {
      const matches = message.to === (to as NodeId) && (type === undefined || traceType(message) === type);
      // What a replica says to itself and its storage is never lost.
      if (matches && !(drop && isLocal(message))) taken.push(message);
      else rest.push(message);
    }
    this.messages = rest;
    return taken;
  }
}

/** The two refusals that the traces show. */
export function describeRefusal(result: StepResult): string | undefined {
  if (result.ok) return undefined;
  switch (result.error) {
    case 'peer-not-found':
      return 'raft: cannot step as peer not found';
    case 'no-leader':
    case 'forwarding-disabled':
    case 'transfer-in-progress':
    case 'uncommitted-limit':
    case 'not-a-member':
      return 'raft proposal dropped';
    default:
      return unreachable(result.error, 'refusal');
  }
}

function isLocal(message: Message): boolean {
  if (message.kind === 'storage-append-response' || message.kind === 'storage-apply-response') return true;
  return message.kind === 'storage-append' || message.kind === 'storage-apply' || message.from === message.to;
}
