/** What `token sign` needs, and nothing before. */
export { loadTokenKeys, TokenSigner } from '@mas/rpc';
