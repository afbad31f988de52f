// Starts the provider, gives its tokens to the program of each language, rotates the keys, and compares the verdicts.
//
// drive.mjs BOUNCER-VERIFY NAME COMMAND [NAME COMMAND ...]: BOUNCER-VERIFY, the command, gets the tokens; each COMMAND, a shell line, is started with the issuer and the audience as
// arguments, reads tokens, one per line, and prints for each "ok <sub>" or the name of the error.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { once } from 'node:events';

const [command, ...words] = process.argv.slice(2);
const PATIENCE = 20_000;
const audience = 'https://api.example/';
const children = [];

setTimeout(() => { throw new Error('the test takes too long'); }, 5 * PATIENCE).unref();
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

/** A program, and the lines that it prints. */
function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, next: async () => (await lines.next()).value };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A token by the client credentials grant. */
async function token(issuer) {
  const secret = new URL('client-secret.txt', import.meta.url).pathname;
  const login = start(command, ['login', '--token-url', `${issuer}/token`, '--client-id', 'service',
    '--client-secret-file', secret, '--parameter', `resource=${audience}`, '--parameter', 'scope=read']);
  return login.next();
}

const port = await freePort();
const issuer = `http://127.0.0.1:${port}`;
const provider = start(process.execPath, [new URL('provider.mjs', import.meta.url).pathname, String(port)],
  { stdio: ['ignore', 'pipe', 'ignore'] });
if (await provider.next() !== 'ready') throw new Error('the provider does not start');

const programs = [];
for (let i = 0; i < words.length; i += 2) {
  const [name, program] = [words[i], words[i + 1]];
  programs.push({ name, ...start('bash', ['-c', `${program} "$@"`, name, issuer, audience]) });
}
if (programs.length === 0) throw new Error('no program is given');

async function expect(what, text, verdict) {
  for (const { name, child, next } of programs) {
    child.stdin.write(`${text}\n`);
    const said = await next();
    if (said !== verdict) throw new Error(`${name}: ${what}: "${said}" in place of "${verdict}"`);
  }
}

const first = await token(issuer);
await expect('a valid token', first, 'ok service');
const [header, payload, signature] = first.split('.');
const other = signature[0] === 'A' ? 'B' : 'A';
await expect('another signature', `${header}.${payload}.${other}${signature.slice(1)}`, 'invalid_signature');
await expect('no token', 'a.b', 'malformed_token');

await fetch(`${issuer}/rotate`);
await expect('a token of the new key', await token(issuer), 'ok service');
await expect('a token of the removed key', first, 'no_matching_key');

console.log(`oidc-provider's tokens: ${programs.map(({ name }) => name).join(', ')} agree, before and after a rotation`);
process.exit(0);
