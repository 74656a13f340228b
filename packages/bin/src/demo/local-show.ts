/** The console's view of the cluster of `npm start`: its Resource Managers may be killed and started, and payments made. */
import type { Show, ShowView } from '@mas/console';
import type { ChildProcessGroup } from './child-process-group';
import type { Traffic } from './traffic';

/** Only one Transaction Manager runs: without it there is nothing to see. */
const FOR_KILLING = /^rm-\d+$/;

export class LocalShow implements Show {
  constructor(
    private readonly group: ChildProcessGroup,
    private readonly accounts: readonly string[],
    private readonly traffic: Traffic,
    private readonly print: (text: string) => void,
  ) {}

  view(): ShowView {
    return {
      processes: this.group.list().map((one) => ({ ...one, canStop: FOR_KILLING.test(one.name) })),
      accounts: this.accounts,
      traffic: this.traffic.view(),
    };
  }

  kill(name: string): boolean {
    const did = FOR_KILLING.test(name) && this.group.kill(name);
    if (did) this.print(`${name} was killed (kill -9)`);
    return did;
  }

  start(name: string): boolean {
    const did = this.group.startAgain(name);
    if (did) this.print(`${name} was started again`);
    return did;
  }

  setTraffic(perSecond: number): void {
    this.traffic.set(perSecond);
  }
}
