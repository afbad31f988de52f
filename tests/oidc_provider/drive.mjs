// Starts the provider, sends its tokens to a program of each language, rotates the keys, and checks
// all verdicts.
//
// Usage: drive.mjs BOUNCER-VERIFY NAME COMMAND [NAME COMMAND ...]
//
// BOUNCER-VERIFY is the command of this project. It logs in to get the tokens.
// Each COMMAND is a shell command. It receives the issuer and the audience as arguments, and reads
// tokens from standard input, one per line. For each token it prints "ok <sub>" or the name of the
// error.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { once } from 'node:events';

const [command, ...words] = process.argv.slice(2);
const STEP_TIMEOUT_MS = 20_000;
const audience = 'https://api.example/';
const children = [];

setTimeout(() => { throw new Error('the test timed out'); }, 5 * STEP_TIMEOUT_MS).unref();
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

/** Starts a program and returns its process. `next` returns the next line of its output. */
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

/** Returns a token, from a login with the client credentials grant. */
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
if (await provider.next() !== 'ready') throw new Error('the provider did not start: run provider.mjs to see why');

const programs = [];
for (let i = 0; i < words.length; i += 2) {
  const [name, program] = [words[i], words[i + 1]];
  programs.push({ name, ...start('bash', ['-c', `${program} "$@"`, name, issuer, audience]) });
}
if (programs.length === 0) throw new Error('no NAME COMMAND argument');

/** Sends a token to all programs and checks their verdicts. */
async function expect(what, text, verdict) {
  for (const { name, child, next } of programs) {
    child.stdin.write(`${text}\n`);
    const actual = await next();
    if (actual !== verdict) throw new Error(`${name}: ${what}: got "${actual}", expected "${verdict}"`);
  }
}

const first = await token(issuer);
await expect('a valid token', first, 'ok service');
const [header, payload, signature] = first.split('.');
const other = signature[0] === 'A' ? 'B' : 'A';
await expect('a changed signature', `${header}.${payload}.${other}${signature.slice(1)}`, 'invalid_signature');
await expect('a malformed token', 'a.b', 'malformed_token');

await fetch(`${issuer}/rotate`);
await expect('a token of the new key', await token(issuer), 'ok service');
await expect('a token of the removed key', first, 'no_matching_key');

const names = programs.map(({ name }) => name).join(', ');
console.log(`oidc-provider: ${names} return the expected verdicts, before and after a key rotation`);
process.exit(0);
