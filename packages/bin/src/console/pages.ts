/** Where the console's pages lie: beside this package, in the repository, the image and the tarball alike. */
import { resolve } from 'node:path';

export const CONSOLE_PAGES = resolve(__dirname, '../../../console/dist/web');
