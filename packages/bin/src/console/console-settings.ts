/** What `mas console` can be told. Apart from the process, so that `mas --help` loads nothing heavy. */
import { z } from 'zod';
import { commonSettings } from '../config/common-settings';
import { addressList, listenAddress, setting, text } from '../config/setting';

export const DEFAULT_CONSOLE_PORT = 9443;

export const consoleSettings = {
  listen: setting('listen', '<host:port>', 'where browsers connect', `localhost:${DEFAULT_CONSOLE_PORT}`, listenAddress(), 'MAS_CONSOLE_LISTEN'),
  tc: setting('tc', '<host:port,…>', 'all Transaction Managers of the cluster', 'localhost:9008', addressList('localhost:9008,localhost:9018')),
  certs: setting('certs', '<dir>', 'folder with ca.crt, console.crt and console.key (npm run certs)', 'certs', text()),
  token: setting('token', '<file>', 'file with an operator\u2019s token: prints an address that signs in with it, once', '', z.string(), 'MAS_CONSOLE_TOKEN'),
  logLevel: commonSettings.logLevel,
  logFormat: commonSettings.logFormat,
} as const;
