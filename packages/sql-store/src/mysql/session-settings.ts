/**
 * Every session setting that the store relies on, set on each connection before its first use: a server's defaults are its
 * administrator's, made for other programs. What a session cannot set is looked at once, in prepare-server.ts.
 */

export interface SessionSetting {
  readonly variable: string;
  /** As SQL. */
  readonly value: string;
  /** Which server has it; absent: both. Each ignores the other's comment. */
  readonly only?: 'mariadb' | 'mysql';
}

/** @param statementTimeoutMs lock waits end before the statement's own limit, so that the two are told apart */
export function sessionSettings(statementTimeoutMs: number): readonly SessionSetting[] {
  return [
    // Off, a read outside of an SQL transaction opens one that nobody ends: every later read sees that moment.
    { variable: 'autocommit', value: '1' },
    // CHAIN begins the next SQL transaction with the COMMIT, RELEASE closes the connection.
    { variable: 'completion_type', value: "'NO_CHAIN'" },
    // A value that does not fit is an error; backslashes, quotes and || mean what sql-dialect.ts takes them to mean.
    { variable: 'sql_mode', value: "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'" },
    // These leave out rows, or refuse statements, without a word about a limit.
    { variable: 'sql_select_limit', value: '18446744073709551615' },
    { variable: 'sql_safe_updates', value: '0' },
    { variable: 'sql_big_selects', value: '1' },
    { variable: 'sql_auto_is_null', value: '0' },
    { variable: 'max_sort_length', value: '1024' },
    { variable: 'unique_checks', value: '1' },
    { variable: 'foreign_key_checks', value: '1' },
    { variable: 'time_zone', value: "'+00:00'" },
    // The migrator's own tables name no engine.
    { variable: 'default_storage_engine', value: 'InnoDB' },
    // A bulk load is believed by its count of warnings. (MySQL counts also those that it does not keep.)
    { variable: 'max_error_count', value: '64', only: 'mariadb' },
    { variable: 'sql_notes', value: '1' },
    { variable: 'innodb_lock_wait_timeout', value: String(Math.max(1, Math.floor(statementTimeoutMs / 2_000))) },
    // An idle connection of the pool, and a snapshot that waits for its reader, are not to be closed under us.
    { variable: 'wait_timeout', value: '28800' },
    { variable: 'net_read_timeout', value: '60' },
    { variable: 'net_write_timeout', value: '60' },
    { variable: 'idle_transaction_timeout', value: '0', only: 'mariadb' },
    { variable: 'idle_readonly_transaction_timeout', value: '0', only: 'mariadb' },
    { variable: 'idle_write_transaction_timeout', value: '0', only: 'mariadb' },
    { variable: 'max_statement_time', value: String(statementTimeoutMs / 1_000), only: 'mariadb' },
    { variable: 'max_execution_time', value: String(statementTimeoutMs), only: 'mysql' },
    // Above it MySQL drops the ranges of a lookup and reads the whole key.
    { variable: 'range_optimizer_max_mem_size', value: '8388608', only: 'mysql' },
  ];
}

/**
 * One round trip. SET NAMES because a server may be told to ignore what the handshake asked for. READ COMMITTED because writers
 * go by primary key only and need no gap locks; who wants one view asks for it. (The servers differ in these variables' names.)
 */
export function sessionSetup(statementTimeoutMs: number): string {
  const assignments = sessionSettings(statementTimeoutMs).map(({ variable, value, only }, at) => {
    const text = `${at === 0 ? '' : ', '}session ${variable}=${value}`;
    if (only === 'mariadb') return `/*M!100000 ${text} */`;
    return only === 'mysql' ? `/*!80000 ${text} */` : text;
  });
  return `set names utf8mb4; set session transaction isolation level read committed, read write; set ${assignments.join(' ')}`;
}
