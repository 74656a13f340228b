/** What `mas gateway` can be told. */
import { z } from 'zod';
import { commonSettings } from '../config/common-settings';
import { addressList, listenAddress, setting } from '../config/setting';

/** `https://shop.example,https://till.example`. */
const origins = (): z.ZodType<readonly string[]> =>
  z.string().transform((value, context) => {
    const list = value === '' ? [] : value.split(',').map((origin) => origin.trim());
    const wrong = list.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
    if (wrong === undefined) return list;
    context.addIssue(`"${wrong}" is no origin; expected a list like https://shop.example,https://till.example:8444`);
    return z.NEVER;
  });

export const gatewaySettings = {
  listen: setting('listen', '<host:port>', 'where JSON over HTTPS is served', 'localhost:8443', listenAddress(), 'MAS_GATEWAY_LISTEN'),
  tc: setting('tc', '<host:port,…>', 'Transaction Managers, tried in order', 'localhost:9008', addressList('localhost:9008,localhost:9018')),
  corsOrigins: setting('cors-origins', '<origin,…>', 'origins whose web pages may call; none by default', '', origins()),
  certs: commonSettings.certs,
  logLevel: commonSettings.logLevel,
  logFormat: commonSettings.logFormat,
} as const;
