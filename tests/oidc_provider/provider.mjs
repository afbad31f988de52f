// A real identity provider on loopback: the npm package oidc-provider.
//
// Usage: provider.mjs PORT
//
// Prints "ready" when it accepts requests. GET /rotate replaces the signing key with a new one.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const audience = 'https://api.example/';

let generation = 0;

function provider() {
  generation += 1;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: `key-${generation}` };
  return new Provider(issuer, {
    jwks: { keys: [key] },
    clients: [{
      client_id: 'service',
      client_secret: 'secret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    }],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'read',
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  }).callback();
}

let current = provider();
createServer((request, response) => {
  if (request.url === '/rotate') {
    current = provider();
    response.end('rotated');
    return;
  }
  current(request, response);
}).listen(port, '127.0.0.1', () => console.log('ready'));
