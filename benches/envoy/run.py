"""Compares Envoy's jwt_authn filter with a C server on this library, with 1 and with 100 issuers.

    python3 run.py ENVOY LIBRARY_FOLDER [SECONDS]

ENVOY is the program `envoy`. LIBRARY_FOLDER contains libbouncer_verify.so. Needs `wrk`, a C
compiler and the Python package cryptography. Each server has one thread, no cache of tokens, and
the same keys and tokens. Envoy accepts a token of any issuer with `requires_any`. The servers take
turns, so that a disturbance of the machine affects both.
"""

import base64
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ROOT = pathlib.Path(__file__).resolve().parents[2]
ISSUERS = (1, 100)
ROUNDS = 5


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def issuer(i):
    return f"https://issuer-{i:03}.example/"


class Issuer:
    def __init__(self, i):
        key = rsa.generate_private_key(65537, 2048)
        public = key.public_key().public_numbers()
        jwk = {"kty": "RSA", "kid": f"key-{i}", "alg": "RS256", "n": number(public.n), "e": number(public.e)}
        self.name = issuer(i)
        self.jwks = {"keys": [jwk]}
        header = {"alg": "RS256", "typ": "JWT", "kid": f"key-{i}"}
        claims = {"iss": self.name, "aud": "orders", "sub": "user", "exp": int(time.time()) + 86400, "pad": "x" * 150}
        text = ".".join(b64(json.dumps(part).encode()) for part in (header, claims))
        self.token = f"{text}.{b64(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def configuration(issuers):
    accept = [{"issuers": [i.name], "audiences": ["orders"], "keys": {"jwks": i.jwks}} for i in issuers]
    return json.dumps({"accept": accept})


def envoy_configuration(issuers, port):
    providers = {
        f"p{n}": {
            "issuer": i.name,
            "audiences": ["orders"],
            "local_jwks": {"inline_string": json.dumps(i.jwks)},
        }
        for n, i in enumerate(issuers)
    }
    names = [{"provider_name": name} for name in providers]
    requires = names[0] if len(names) == 1 else {"requires_any": {"requirements": names}}
    http = "type.googleapis.com/envoy.extensions.filters"
    jwt = {"@type": f"{http}.http.jwt_authn.v3.JwtAuthentication", "providers": providers}
    jwt["rules"] = [{"match": {"prefix": "/"}, "requires": requires}]
    route = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "ok"}}}
    manager = {
        "@type": f"{http}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "http",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {"name": "envoy.filters.http.jwt_authn", "typed_config": jwt},
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{http}.http.router.v3.Router"},
            },
        ],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return json.dumps({"static_resources": {"listeners": [{"address": address, "filter_chains": [chain]}]}})


def status(port, token):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Authorization": f"Bearer {token}"})
    try:
        return urllib.request.urlopen(request, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code


def wait_until_ready(port, issuers):
    end = time.time() + 30
    while True:
        try:
            answers = [status(port, i.token) for i in issuers]
            break
        except OSError:
            if time.time() > end:
                raise
            time.sleep(0.1)
    assert set(answers) == {200}, answers
    forged = issuers[0].token[:-8] + "AAAAAAAA"
    assert status(port, forged) == 401, "a forged token is accepted"


def requests_per_second(port, script, seconds):
    command = ["wrk", "-t1", "-c8", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}/"]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in report, report
    return float(next(line for line in report.splitlines() if "Requests/sec" in line).split()[1])


def main():
    envoy, library = sys.argv[1:3]
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    folder = pathlib.Path(tempfile.mkdtemp())
    server = folder / "server"
    source = pathlib.Path(__file__).with_name("server.c")
    subprocess.run(
        ["cc", "-O2", "-o", server, source, f"-I{ROOT}/include", f"-L{library}", "-lbouncer_verify",
         f"-Wl,-rpath,{pathlib.Path(library).resolve()}"],
        check=True,
    )  # fmt: skip
    everyone = [Issuer(i) for i in range(max(ISSUERS))]
    running, rates = [], {}
    try:
        port = 19100
        for count in ISSUERS:
            issuers = everyone[:count]
            script = folder / f"{count}.lua"
            tokens = ",".join(f'"Bearer {i.token}"' for i in issuers)
            script.write_text(
                f"local tokens = {{{tokens}}}\nlocal i = 0\nrequest = function()\n"
                "  i = i % #tokens + 1\n"
                '  return wrk.format("GET", "/", {["Authorization"] = tokens[i]})\nend\n'
            )
            own, theirs = folder / f"own-{count}.json", folder / f"envoy-{count}.json"
            own.write_text(configuration(issuers))
            theirs.write_text(envoy_configuration(issuers, port + 1))
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            running.append(subprocess.Popen([server, own, str(port)], **quiet))
            arguments = [envoy, "-c", theirs, "--concurrency", "1", "--base-id", str(count), "-l", "error"]
            running.append(subprocess.Popen(arguments, **quiet))
            for name, at in (("C server", port), ("Envoy", port + 1)):
                wait_until_ready(at, issuers)
                rates[name, count] = (at, script, [])
            port += 2
        for _ in range(ROUNDS):
            for at, script, found in rates.values():
                found.append(requests_per_second(at, script, seconds))
    finally:
        for process in running:
            process.kill()
    for (name, count), (_, _, found) in rates.items():
        middle, low, high = statistics.median(found), min(found), max(found)
        print(f"{name}, {count} issuers: {middle:,.0f} requests/s ({low:,.0f} to {high:,.0f})")


if __name__ == "__main__":
    main()
