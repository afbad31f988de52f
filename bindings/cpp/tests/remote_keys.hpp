// Tokens, keys and helpers of the tests of remote key sets.
#pragma once

#include "server.hpp"

#include <string>

// Tokens of the uid "peter", valid until 2100, signed with tests/data/keys/rsa-2048-a.pem (kid "a")
// and rsa-2048-b.pem (kid "b").
constexpr std::int64_t token_exp = 4102444800;
inline const std::string token_a =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJ1aWQiOiJwZXRlciIsImV4cCI6NDEwMjQ0NDgwMH0.jFVbYRKLnE2szgaddwCsMBOJm19nq2Ubh"
    "MPpHNqVoDgYh5bBieCbtjv-hxJofzLx2kAnVwmrWr3NQpsULSHhQh328MXMlAJP4C2iEJDodHNpf4hTcYdKiRABnriTdaLdDY-s1SgTSgT9NRNRU"
    "mltdvYhIZrlVtxDPecKaxnO06pY-SoOVkZfgyLx566Pev17yNSMC3ctmB2c5DI3wvF9qpG_vpqeJ92TwBteWJ5fqMJafg_YMlHJSkyQ4QzNKXBWS"
    "7CtOFMx0DQ55N7Tmt3JclbjOByfdCKRwCV4b1hc49bblCp5gu8AHMaMB-R6qGdO9hj5S8GOt_xLYN3D9lb__Q";
inline const std::string token_b =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImIifQ.eyJ1aWQiOiJwZXRlciIsImV4cCI6NDEwMjQ0NDgwMH0.d-Y_WlWMlu2tHEiNbVj4jZhpCm-UgFzao"
    "00DY1RVDRePrlQM2LIBUahoE1uytEKPPAfJLM1tNFYOLuUCckec0V9quA0WR_x4KxDOKydjR4iR9hCSN-ax0L4jjkNMfsvYT4TbeIscCCC-LaqKY"
    "-vRttpLpvD5WW48q8REClMBjqpMibkHpLapLK9UJW6tTGexGvOmRPRRoWZ8qA2ePy65TIa0BWg_cLNIqQaRoT1vu3K-3nU7gEauVr7leuUXaSNLv"
    "rUO8M0bEy9w0mztET-rwn3ZXWnn73X4GQLH6XCr1UzEhavJYRHndrJyYSANf-1LPc3e7f3MtR41Tf0ee3m4wA";
inline const std::string jwk_b =
    R"({"kty":"RSA","kid":"b","e":"AQAB","n":")"
    "2Mux0fSp35oTgCA2C8f7rhfH97AzzR6EQijtRo19TSI1n-6FLCbMI4yNB3hPHig2Jt3OVRMPgcm6R24LKK3EVXX01xrIdLM3T7Jxw3PGro_tRolf"
    "mNA6zoTdhZZxbYYplvcyPeaihl76Ir2NxLvs8U3dyD7U9e7g_zi11U1CkAKVCrWOifgF_dUZDbyccYWGi2A0O2juvAgnCQuk6kNhG_pKqOZ0fBI4"
    "FjDmx9YGQTX76J6OwJ9HlxwdM2nayh7DYOZTRnTs3bbZw9XcTfw33D_RM_gkdIHR7ofd2yjkMm551VMtaVtQfDEYK3t31fHJHBf7MVFGTqiig891"
    "XEEdRw"
    R"("})";
inline const std::string keys_a = R"({"keys":[)" + jwk_a + "]}";
inline const std::string keys_b = R"({"keys":[)" + jwk_b + "]}";
inline const std::string keys_ab = R"({"keys":[)" + jwk_a + "," + jwk_b + "]}";

/// The token with another kid and its old signature. An attacker can make thousands of them.
inline std::string forged(const std::string &token, const std::string &kid) {
    return base64url(R"({"alg":"RS256","kid":")" + kid + R"("})") + token.substr(token.find('.'));
}

/// The number of threads of the scheduler and of fetches in this process.
inline std::size_t fetching_threads() {
    return threads_named("bouncer-sched") + threads_named("bouncer-fetch");
}

inline Seen seen(const bouncer::RemoteJwkSet &keys) {
    return Seen(keys.stats(), "keys_");
}

/// A key set that has been fetched.
inline bouncer::RemoteJwkSet ready(const Server &server) {
    bouncer::RemoteJwkSet keys(bouncer::KeysSettings().url(server.url()));
    keys.wait_ready(test_timeout);
    return keys;
}
