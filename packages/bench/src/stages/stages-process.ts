/** The measured process: rounds of payments through every stage, one after the other; prints its figures as JSON. */
import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';
import { systemClock as clock } from '@mas/bin';
import { bucketId } from '@mas/values';
import { CoordinatorStages } from './coordinator-stages';
import { BATCH, PaymentRequests, placementOfStages } from './payment-requests';
import { ReplicaStages } from './replica-stages';
import { StageMeter, type MeterMode } from './stage-meter';

/** Eight callers with a batch each. */
const BATCHES = 8;
/** So few that a round's garbage does not fill the young generation. */
const BATCHES_FOR_BYTES = 1;

async function main(rounds: number): Promise<void> {
  setFlagsFromString('--expose-gc');
  const meter = new StageMeter(runInNewContext('gc') as () => void);
  const placement = placementOfStages();
  const requests = new PaymentRequests(placement, bucketId(1), bucketId(2));
  const coordinator = new CoordinatorStages(meter, placement, clock);
  const replica = new ReplicaStages(meter, placement);
  replica.open([...requests.payers, ...requests.payees], placement);
  const round = async (mode: MeterMode, kept: boolean): Promise<void> => {
    meter.round(mode, kept);
    const batches = mode === 'time' ? BATCHES : BATCHES_FOR_BYTES;
    const units = batches * BATCH;
    const sent = coordinator.encode(await coordinator.run(requests.next(batches), units), units);
    coordinator.decode(replica.run(sent, units), units);
  };
  for (let n = 0; n < rounds; n += 1) await round('time', false);
  for (let n = 0; n < rounds; n += 1) await round('time', true);
  for (let n = 0; n < Math.ceil(rounds / 4); n += 1) await round('bytes', true);
  process.stdout.write(`${JSON.stringify({ rounds, paymentsPerRound: BATCHES * BATCH, stages: meter.figures() })}\n`);
  process.exit(0);
}

void main(Number(process.argv[2]));
