/** Files and folders that another user of the machine may read, write or enter, with their modes. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Of `folder` and everything in it. @throws where there is nothing, so that a wrong path is no proof */
export function openToOthers(folder: string): readonly string[] {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  if (found.length === 0) throw new Error(`${folder} is empty`);
  return [folder, ...found].flatMap((path) => {
    const mode = lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0;
    return (mode & 0o077) === 0 ? [] : [`${path} ${(mode & 0o777).toString(8)}`];
  });
}
