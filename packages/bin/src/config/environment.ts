/** The environment as settings see it: an empty variable (`MAS_TC=` in a compose file or a shell) is one that is not set. */
export function forgetEmptyVariables(environment: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(environment)) if (name.startsWith('MAS_') && value?.trim() === '') delete environment[name];
}
