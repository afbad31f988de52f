"""Verifies the token of the DC/OS documentation, and gives ES256 and Ed25519 keys tables."""

import json
import platform
from pathlib import Path

from bouncer_verify import JwkSet, Policy, verify_token

TESTS = Path(__file__).parents[1]


def main() -> None:
    assert platform.machine() == "aarch64"
    document = JwkSet.from_json((TESTS / "data" / "document_jwks.json").read_text())
    token = (TESTS / "data" / "document_token.txt").read_text().strip()
    assert verify_token(document, Policy.dcos().replace(time=1467985465), token).uid == "peter"
    # aws-lc verifies RS256.
    assert document.accelerated_keys == 0
    for algorithm in ("ES256", "Ed25519"):
        file, case = accepted(algorithm)
        jwks = JwkSet.from_json(file["jwks"][case["jwks"]])
        policy = Policy.from_json(json.dumps(case.get("policy", {"profile": "dcos"})))
        policy = policy.replace(time=case["time"])
        before = jwks.accelerated_keys
        for _ in range(200):
            verify_token(jwks, policy, case["token"])
        assert jwks.accelerated_keys == before + 1, algorithm
    print("the module verifies RS256, ES256 and Ed25519 on", platform.machine())


def accepted(algorithm: str) -> tuple[dict, dict]:
    """Returns a file of the corpus, and its first accepted token with this algorithm."""
    for path in sorted((TESTS / "conformance").glob("*.json")):
        file = json.loads(path.read_text())
        for case in file["cases"]:
            if case["expect"].get("alg") == algorithm and "token" in case and "jwks" in case:
                return file, case
    raise AssertionError(algorithm)


if __name__ == "__main__":
    main()
