// The Node driver of the benchmark: `node driver.js FIXTURES`. benches/README.md describes its line
// protocol.

import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import { createVerifier, TOKEN_ERROR_CODES } from 'fast-jwt';
import { createPublicKey, verify as verifySignature } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const issuer = 'https://idp.example.com/realms/production';
const audience = 'api://orders';
const folder = process.argv[2];

function load(name) {
  const read = (file) => readFileSync(`${folder}/${name}/${file}`, 'utf8');
  const samples = read('tokens').trimEnd().split('\n').map((line) => line.split(' '));
  return { name, samples, jwks: JSON.parse(read('jwks.json')), pem: read('key.pem'), isBouncer: name === 'bouncer' };
}

// Each candidate returns a token's subject, or '!' and the reason for the rejection.

function jose({ jwks, isBouncer }) {
  // Bouncer's tokens have no "kid", but its key set has only one key.
  const keys = createLocalJWKSet(jwks);
  const options = isBouncer ? { algorithms: ['RS256'], requiredClaims: ['exp'] } : { algorithms: ['RS256'], issuer, audience };
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, options);
      return isBouncer ? payload.uid : payload.sub;
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) return '!invalid_signature';
      if (error instanceof errors.JWTExpired) return '!expired';
      return '!another';
    }
  };
}

function fastJwt({ jwks, isBouncer }) {
  // One verifier for each key of the set, so that each key is parsed only once. The cache of
  // verified tokens is off, which is the default.
  const options = isBouncer ? {} : { allowedIss: issuer, allowedAud: audience };
  const verifierOf = (jwk) =>
    createVerifier({ key: createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }),
                     algorithms: ['RS256'], requiredClaims: ['exp'], ...options });
  const verifiers = new Map(jwks.keys.map((jwk) => [jwk.kid, verifierOf(jwk)]));
  const only = verifiers.values().next().value;
  const kidOf = (token) => JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url')).kid;
  return (token) => {
    try {
      const payload = (isBouncer ? only : verifiers.get(kidOf(token)))(token);
      return isBouncer ? payload.uid : payload.sub;
    } catch (error) {
      if (error.code === TOKEN_ERROR_CODES.invalidSignature) return '!invalid_signature';
      if (error.code === TOKEN_ERROR_CODES.expired) return '!expired';
      return '!another';
    }
  };
}

// Verifies only the signature. The token is decoded before the measurement.
function signatureAlone({ samples, pem }) {
  const key = createPublicKey(pem);
  const parts = new Map(samples.map(([expected, token]) => {
    const dot = token.lastIndexOf('.');
    return [token, { expected, input: Buffer.from(token.slice(0, dot)), signature: Buffer.from(token.slice(dot + 1), 'base64url') }];
  }));
  return (token) => {
    const { expected, input, signature } = parts.get(token);
    return verifySignature('sha256', input, key, signature) ? expected : '!invalid_signature';
  };
}

const versionOf = (name) => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;

const candidates = [];
for (const name of ['bouncer', 'oidc', 'tampered', 'expired']) {
  const fixture = load(name);
  candidates.push({ fixture, title: 'jose', version: versionOf('jose'), outcomeOf: jose(fixture), isAsync: true });
  candidates.push({ fixture, title: 'fast-jwt', version: versionOf('fast-jwt'), outcomeOf: fastJwt(fixture) });
  if (!fixture.samples[0][0].startsWith('!')) {
    candidates.push({ fixture, title: 'node:crypto, signature alone', version: process.versions.node, outcomeOf: signatureAlone(fixture) });
  }
}

function check(candidate, outcome, expected) {
  if (outcome !== expected) throw new Error(`${candidate.fixture.name}, ${candidate.title}: wrong result: got ${outcome}, expected ${expected}`);
}

async function calls(candidate, first, count) {
  const { outcomeOf, isAsync, fixture: { samples } } = candidate;
  for (let i = first; i < first + count; i++) {
    const [expected, token] = samples[i % samples.length];
    check(candidate, isAsync ? await outcomeOf(token) : outcomeOf(token), expected);
  }
}

// Measures one slot. Before that, a warm-up of a fifth of its length fills caches and trains branch
// predictors.
async function slot(candidate, microseconds) {
  const nanoseconds = BigInt(microseconds) * 1000n;
  const now = process.hrtime.bigint;
  let next = 0;
  for (const start = now(); now() - start < nanoseconds / 5n; next += 4) await calls(candidate, next, 4);
  const [start, cpu] = [now(), process.cpuUsage()];
  let count = 0;
  while (now() - start < nanoseconds) {
    await calls(candidate, next + count, 4);
    count += 4;
  }
  const wall = now() - start;
  const { user, system } = process.cpuUsage(cpu);
  // jose's calls switch between threads, so they always wait for a core. That is not a disturbance,
  // so 0 is reported as the CPU time.
  return `${count} ${wall} ${candidate.isAsync ? 0 : (user + system) * 1000}`;
}

for (const candidate of candidates) await calls(candidate, 0, 64);

for await (const line of createInterface({ input: process.stdin })) {
  const [command, which, microseconds] = line.split(' ');
  if (command === 'list') {
    for (const { fixture, title, version } of candidates) console.log(`candidate\t${fixture.name}\t${title}\t${version}`);
    console.log('end');
  } else if (command === 'run') {
    console.log(await slot(candidates[which], microseconds));
  } else {
    console.log('-');
  }
}
