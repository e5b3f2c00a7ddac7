// Access tokens verified the way other services do it: offline, by somebody else's library.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { ADMIN, startServer } from './support/server.mjs';

const EXPECTED = { issuer: 'https://people.example.org', audience: 'invoices', algorithms: ['EdDSA'] };

let server;
let pair;

before(async () => {
  server = await startServer({
    ROLECALL_ISSUER: EXPECTED.issuer,
    ROLECALL_AUDIENCE: EXPECTED.audience,
  });
  pair = await grant({ username: ADMIN.username, password: ADMIN.password });
});

after(() => server?.stop());

async function grant(body) {
  const answer = await fetch(`${server.url}/auth`, { method: 'POST', body: new URLSearchParams(body) });
  assert.equal(answer.status, 200);
  return (await answer.json()).meta;
}

async function keySet() {
  const answer = await fetch(`${server.url}/.well-known/jwks.json`);
  return createLocalJWKSet(await answer.json());
}

test('the key set verifies an access token without asking the service again', async () => {
  const keys = await keySet();
  const { payload, protectedHeader } = await jwtVerify(pair.jwt, keys, EXPECTED);
  assert.equal(protectedHeader.alg, 'EdDSA');
  assert.equal(payload.sub, '1');
  assert.equal(payload.username, ADMIN.username);
  assert.deepEqual(payload.roles, ['admin']);
  assert.ok(payload.permissions.includes('users:write'));
  assert.equal(payload.exp - payload.iat, 900);
});

test('a library that fetches the keys by itself is content too', async () => {
  const keys = createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`));
  await jwtVerify(pair.jwt, keys, EXPECTED);
  const renewed = await grant({ grant_type: 'refresh_token', refresh_token: pair.renew });
  await jwtVerify(renewed.jwt, keys, EXPECTED);
  pair = renewed;
});

test('a token for another audience, a changed one and an old one are refused', async () => {
  const keys = await keySet();
  await assert.rejects(jwtVerify(pair.jwt, keys, { ...EXPECTED, audience: 'others' }), errors.JWTClaimValidationFailed);
  const [header, claims, signature] = pair.jwt.split('.');
  const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(claims, 'base64url')), sub: '2' }));
  const changed = `${header}.${forged.toString('base64url')}.${signature}`;
  await assert.rejects(jwtVerify(changed, keys, EXPECTED), errors.JWSSignatureVerificationFailed);
  const currentDate = new Date(Date.now() + 901_000);
  await assert.rejects(jwtVerify(pair.jwt, keys, { ...EXPECTED, currentDate }), errors.JWTExpired);
});
