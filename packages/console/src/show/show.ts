/** Port: the cluster on this machine that `npm start` runs, whose processes may be killed and started for all to see. */
import type { ShowView } from '../api/views';

export interface Show {
  view(): ShowView;
  /** SIGKILL. False: there is no such process, it does not run, or it is not for killing. */
  kill(name: string): boolean;
  /** False: there is no such process, or it runs. */
  start(name: string): boolean;
  /** Payments at random between the show's accounts, one after another at this rate; 0: none. */
  setTraffic(perSecond: number): void;
}
