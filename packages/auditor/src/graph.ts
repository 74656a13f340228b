/** A directed graph of operations with the edges of real time, and a search for a cycle (Tarjan's components, iteratively). */
interface Operation {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly places: Places;
}

/** Where an operation has to come behind what has been answered before it began, and where what begins later has to come behind it. */
export interface Places {
  readonly behind: readonly string[];
  readonly before: readonly string[];
}

const ONE_PLACE: Places = { behind: ['one'], before: ['one'] };

export class Graph {
  private readonly ids = new Map<string, number>();
  private readonly names: string[] = [];
  private readonly edges: number[][] = [];
  private readonly operations: Operation[] = [];

  operation(name: string, startMs: number, endMs: number, places = ONE_PLACE): void {
    this.operations.push({ name, startMs, endMs, places });
    this.id(name);
  }

  edge(from: string, to: string): void {
    this.edges[this.id(from)]?.push(this.id(to));
  }

  /** What has been answered comes before what is asked later, at each place: through one chain of answers, not all pairs. */
  addRealTime(): void {
    for (const place of new Set(this.operations.flatMap(({ places }) => places.before))) this.addRealTimeAt(place);
  }

  private addRealTimeAt(place: string): void {
    const answered = this.operations.filter((one) => one.endMs < Infinity && one.places.before.includes(place)).sort((a, b) => a.endMs - b.endMs);
    answered.forEach((one, at) => {
      this.edge(one.name, `time ${place} ${at}`);
      if (at > 0) this.edge(`time ${place} ${at - 1}`, `time ${place} ${at}`);
    });
    for (const one of this.operations) {
      if (!one.places.behind.includes(place)) continue;
      // A client that heard one answer asks the next question at that very moment.
      const last = countUpTo(answered, one.startMs) - 1;
      if (last >= 0) this.edge(`time ${place} ${last}`, one.name);
    }
  }

  /** The operations of a shortest cycle within a component, or null. */
  cycle(): readonly string[] | null {
    const component = this.componentsOf();
    for (const { name } of this.operations) {
      const start = this.id(name);
      if ((component.sizes.get(component.of[start] ?? -1) ?? 0) < 2) continue;
      const path = this.pathBack(start, component.of);
      if (path !== null) return path.map((id) => this.names[id] ?? '').filter((text) => text.startsWith('payment') || text.startsWith('read'));
    }
    return null;
  }

  private id(name: string): number {
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    const id = this.names.push(name) - 1;
    this.ids.set(name, id);
    this.edges.push([]);
    return id;
  }

  private pathBack(start: number, component: readonly number[]): readonly number[] | null {
    const cameFrom = new Map<number, number>();
    let frontier = [start];
    while (frontier.length > 0) {
      const next: number[] = [];
      for (const at of frontier) {
        for (const to of this.edges[at] ?? []) {
          if (to === start) return trail(cameFrom, start, at);
          if (component[to] !== component[start] || cameFrom.has(to)) continue;
          cameFrom.set(to, at);
          next.push(to);
        }
      }
      frontier = next;
    }
    return null;
  }

  private componentsOf(): { readonly of: number[]; readonly sizes: ReadonlyMap<number, number> } {
    const count = this.names.length;
    const order = new Array<number>(count).fill(-1);
    const low = new Array<number>(count).fill(0);
    const of = new Array<number>(count).fill(-1);
    const sizes = new Map<number, number>();
    const open: number[] = [];
    let next = 0;
    const visit = (root: number): void => {
      const work: [number, number][] = [[root, 0]];
      for (let top = work[work.length - 1]; top !== undefined; top = work[work.length - 1]) {
        const [node, edge] = top;
        if (edge === 0) {
          order[node] = low[node] = next;
          next += 1;
          open.push(node);
        }
        const to = this.edges[node]?.[edge];
        top[1] += 1;
        if (to !== undefined) {
          if (order[to] === -1) work.push([to, 0]);
          else if (of[to] === -1) low[node] = Math.min(low[node] ?? 0, order[to] ?? 0);
          continue;
        }
        work.pop();
        const parent = work[work.length - 1];
        if (parent !== undefined) low[parent[0]] = Math.min(low[parent[0]] ?? 0, low[node] ?? 0);
        if (low[node] !== order[node]) continue;
        let size = 0;
        for (let member = open.pop(); member !== undefined; member = open.pop()) {
          of[member] = node;
          size += 1;
          if (member === node) break;
        }
        sizes.set(node, size);
      }
    };
    for (let node = 0; node < count; node += 1) if (order[node] === -1) visit(node);
    return { of, sizes };
  }
}

function countUpTo(sorted: readonly Operation[], ms: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.endMs ?? Infinity) <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

function trail(cameFrom: ReadonlyMap<number, number>, start: number, end: number): readonly number[] {
  const path = [start];
  for (let at: number | undefined = end; at !== undefined && at !== start; at = cameFrom.get(at)) path.splice(1, 0, at);
  return [...path, start];
}
