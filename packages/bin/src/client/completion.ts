/** Completion in bash and zsh: the shell asks `mas-client complete -- WORDS` what may come next. What answers is loaded for that alone. */
import type { Command } from 'commander';

export const COMPLETION_HELP = `Completion in the shell:
  source <(mas-client complete bash)         in ~/.bashrc
  source <(mas-client complete zsh)          in ~/.zshrc, after compinit`;

/** Adds `complete` where it is asked for. */
export async function addCompletion(program: Command, args: readonly string[]): Promise<void> {
  if (args[0] !== 'complete') return;
  const { default: tab } = await import('@bomb.sh/tab/commander');
  tab(program);
}
