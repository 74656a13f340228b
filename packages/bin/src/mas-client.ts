#!/usr/bin/env node
/** The command-line client. One line on stderr and a documented exit code for whatever goes wrong; never a stack. */
import { CommanderError } from 'commander';
import { addCompletion } from './client/completion';
import { EXIT } from './client/exit-codes';
import { createProgram } from './client/program';
import { failureLine } from './client/session';
import { forgetEmptyVariables } from './config/environment';
import { surviveLostOutput } from './platform/standard-streams';

surviveLostOutput();
forgetEmptyVariables(process.env);
const args = process.argv.slice(2);
const program = createProgram(args);
addCompletion(program, args)
  .then(() => program.parseAsync())
  .catch((error: unknown) => {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 || error.code === 'commander.help' ? EXIT.ok : EXIT.usage;
      return;
    }
    process.stderr.write(failureLine(error instanceof Error ? error.message : String(error)));
    process.exitCode = EXIT.unexpected;
  });
