/** Whether an answer arrived is known, and what it was: a committed payment must not vanish behind a full disk. */
import { createWriteStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { Printer } from './printer';

test('what arrived is not lost', async () => {
  const printer = new Printer(new PassThrough());
  printer.write('COMMITTED');
  expect(await printer.lost()).toBeNull();
});

test('a full disk: its code, and all that was to be written', async () => {
  const full = createWriteStream('/dev/full');
  full.on('error', () => undefined);
  const printer = new Printer(full);
  printer.write('COMMITTED p\n');
  printer.write('and more\n');
  expect(await printer.lost()).toEqual({ code: 'ENOSPC', text: 'COMMITTED p\nand more\n' });
});
