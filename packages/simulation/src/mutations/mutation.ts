/**
 * A deliberate bug: a piece of a source file and what stands there instead. The files themselves are never touched; the
 * mutated text is compiled in memory when the module is loaded, in a process of its own (compile-mutated.ts).
 */
export interface Mutation {
  readonly name: string;
  /** Which real kind of bug it stands for. */
  readonly why: string;
  readonly changes: readonly {
    /** Below packages/, without `.ts`, with `src/`. */
    readonly file: string;
    readonly find: string;
    readonly replace: string;
  }[];
  /** Faults under which it shows soonest; the drawn ones otherwise. */
  readonly faults?: readonly string[];
}
