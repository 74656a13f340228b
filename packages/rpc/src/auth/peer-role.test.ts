/** Roles from certificates: exactly one, in exactly this form. */
import { rmId } from '@mas/values';
import { checkServesAs, peerIdentity } from './peer-role';

test.each([
  ['URI:mas://role/tm, DNS:localhost', { role: 'tm' }],
  ['DNS:localhost, URI:mas://role/rm/3', { role: 'rm', rm: 3 }],
  ['URI:mas://role/rm', { role: 'rm', rm: null }],
  ['DNS:localhost', undefined],
  ['URI:mas://role/rm/0', undefined],
  ['URI:mas://role/rm/65536', undefined],
  ['URI:mas://role/rm/3/x', undefined],
  ['URI:mas://role/admin', undefined],
  ['URI:mas://role/tm, URI:mas://role/rm/1', undefined],
  ['DNS:"x, URI:mas://role/tm"', undefined],
  [undefined, undefined],
])('%s', (subjectaltname, expected) => {
  expect(peerIdentity({ subjectaltname })).toEqual(expected);
});

test('a server must hold the certificate of the resource manager that is meant', () => {
  const check = checkServesAs(rmId(2));
  expect(check('rm-2', { subjectaltname: 'URI:mas://role/rm/2' })).toBeUndefined();
  expect(check('rm-2', { subjectaltname: 'URI:mas://role/rm/1' })?.message).toContain('resource manager 2');
  expect(check('rm-2', { subjectaltname: 'URI:mas://role/tm' })).toBeInstanceOf(Error);
});
