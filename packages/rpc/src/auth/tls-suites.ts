/**
 * The TLS that every process offers and accepts, as server and as client: 1.2 with forward secrecy and authenticated encryption
 * (AEAD), or 1.3, whose suites are all of that kind. The door takes it from here; for connections whose libraries have no setting
 * of their own, `mas` and `mas-client` make it Node's default.
 */
export const TLS_MIN_VERSION = 'TLSv1.2';

/** In OpenSSL's words. */
export const TLS_SUITES = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');
