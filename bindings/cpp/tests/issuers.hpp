// Tokens and documents of two issuers.
#pragma once

#include "remote_keys.hpp"

// Tokens for the audience "orders" without "uid", valid until 2100, with the kid "1". The issuers
// are "https://a.example/" (signed with tests/data/keys/rsa-2048-a.pem) and "https://b.example/"
// (signed with rsa-2048-b.pem).
inline const std::string token_of_a =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJhdWQiOiJvcmRlcnMiLCJleHAiOjQxMDI0NDQ4MDAsImlzcyI6Imh0dHBzOi8vYS5leGFtcGxlLy"
    "IsInN1YiI6InMifQ.THWUyX1GWavfDnwTzXJtRhozHhEqGgPt9ZcNmEV407ANXnZf8q_EFURzj1-ddKGgoGOvm18ZaZlkX9zQT-RoUHmBlbbG4448"
    "lcRUonzs8r4yS2tw2Zzessk6OahYJZ1uuPYKMXKPJ9BWRVrKKfDOjkSNBPwsvEY4i6QGGtkPFXdlJZSPG_jXRjWgOnVXfkc4puhjJqb00WNbgkJoA"
    "ALzR33TEWOtEoDz-mDkp92LRCdanftuvh2Mkz5K8HkPPnhY34ZzCzJngGvqXWL6jLRAYOBmtmU_ZLkRzVq6wlebRdqy1fOXfoJ06ubSEyj8vqvFuZ"
    "1rpvjpOVRwtC9DmlJRpw";
inline const std::string token_of_b =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJhdWQiOiJvcmRlcnMiLCJleHAiOjQxMDI0NDQ4MDAsImlzcyI6Imh0dHBzOi8vYi5leGFtcGxlLy"
    "IsInN1YiI6InMifQ.ivcu-75Da6vITml6TZnSjHTijdRoOgkYUIjZcCFTkSb0v7v2RTFPFrdH5awvdnIaFZTkEwCJYJ9sVCF8xo77LzE7VgheX2yv"
    "OicQd5aE289uKJxM8-4FewTt1UuAgePPLZ4OuC504Wkm6S2ihMyuoxuBpxxpJhmv3KfHrh2-iDBqrWLKoryo6LtYaI8jQzhBcZQBAIy6XhU6i774r"
    "62gmKsjl9joTQXsSgDwuEl0H69-qynDyMDxiZahNd4df98I0tghJirRr8I90LErhNNUv1HMxZM3Tea-IbVhxviGkE4U7VH8maxyztnb-XN6JRipxr"
    "JBMeQCWMRmfY8125aREg";
// A token of "https://a.example/" that is signed with rsa-2048-b.pem.
inline const std::string token_of_a_signed_by_b =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJhdWQiOiJvcmRlcnMiLCJleHAiOjQxMDI0NDQ4MDAsImlzcyI6Imh0dHBzOi8vYS5leGFtcGxlLy"
    "IsInN1YiI6InMifQ.dDtvxvNlr9cyq_6OQppkIvNOUdrqMj5bzFtV0_EePthYPVtJBRjhHfdcooE_ldAzlTIUv_8MWKiQ4nslrAfFozkcieCGTEn-"
    "q0ec7wwAE2p19vRQrHmLS29LOLdLduQzKJOSE9WDj2KyceE4sDz98rNSA4rEyQCfooyIJw-BGPMfDnZr8dT4FA4GQO9Na_M3xFwxnsx2hToNLjCk5"
    "DMUKCN-BP8vxnvSC7VoB9rHNRMZdmNX89b6WivwF44KiPt-ZcV0R0HQQ3bhrsCAnRASXhyn098qkvE185xw-_7bXy7JbJ_TMBpLk8DikBZdXquuql"
    "U5xp0stXY_DtbrIzJM6A";

/// The JWK Set with this key, whose kid becomes "1".
inline std::string jwks_of(std::string jwk) {
    const std::string kid = R"("kid":")";
    return R"({"keys":[)" + jwk.replace(jwk.find(kid) + kid.size(), 1, "1") + "]}";
}

inline const std::string jwks_of_a = jwks_of(jwk_a);
inline const std::string jwks_of_b = jwks_of(jwk_b);

/// An entry of a configuration document. `more` is text before its keys: further settings, each
/// with a comma after it.
inline std::string entry(const std::string &issuer, const std::string &jwks, const std::string &more = "") {
    return R"({"issuers":[")" + issuer + R"("],"audiences":["orders"],)" + more + R"("keys":{"jwks":)" + jwks +
           "}}";
}

inline const std::string entry_a = entry("https://a.example/", jwks_of_a);
inline const std::string entry_b = entry("https://b.example/", jwks_of_b);
/// The entry for `token_a`, a token of DC/OS without "iss".
inline const std::string entry_dcos = R"({"profile":"dcos","keys":{"jwks":)" + keys_a + "}}";

/// A configuration document with these entries.
inline std::string configuration(std::initializer_list<std::string> entries, std::size_t cache = 0) {
    std::string json = R"({"cache":)" + std::to_string(cache) + R"(,"accept":[)";
    for (const std::string &entry : entries) {
        json += (json.back() == '[' ? "" : ",") + entry;
    }
    return json + "]}";
}
