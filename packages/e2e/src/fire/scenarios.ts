/** The scenarios of the fire test, by what they strike. */
import { clockScenarios } from './clock-scenarios';
import { crossedScenarios } from './crossed-scenarios';
import { diskScenarios } from './disk-scenarios';
import { networkScenarios } from './network-scenarios';
import { processScenarios } from './process-scenarios';
import type { Scenario } from './scenario';
import { storageScenarios } from './storage-scenarios';
import { strikeScenarios } from './strike-scenarios';

export const scenarios: readonly Scenario[] = [
  ...processScenarios,
  ...networkScenarios,
  ...storageScenarios,
  ...clockScenarios,
  ...diskScenarios,
  ...crossedScenarios,
  ...strikeScenarios,
];

export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`no scenario "${name}"; there are:\n${scenarios.map((scenario) => scenario.name).join('\n')}`);
  return found;
}
