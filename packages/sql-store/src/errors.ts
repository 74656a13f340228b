/** What is wrong with the settings of a store, as opposed to StoreUnavailable: nothing gets better by waiting. */

export type StoreSetting = 'url' | 'database' | 'credentials' | 'server' | 'file' | 'schema';

/** The message names the setting, what is wrong with it and what to do; it never holds a password. */
export class StoreMisconfigured extends Error {
  readonly kind = 'store-misconfigured';

  constructor(
    readonly setting: StoreSetting,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'StoreMisconfigured';
  }
}

/** How an error of a database driver is to be treated. */
export type Failure =
  /** The SQL transaction was rolled back because of others (deadlock, lock wait): it may be run again. */
  | 'conflict'
  /** The connection is gone: run again on another one, unless a COMMIT was under way. */
  | 'connection-lost'
  /** The database cannot do it now: full, read-only, silent, too many connections, shutting down. */
  | 'unavailable'
  /** Anything else is our own mistake and is thrown as it is. */
  | 'other';
