// Mistakes that must not compile. run_tests.sh compiles this file once for each number of MISTAKE
// from 1 to the last. Each of these compilations must fail. The compilation with MISTAKE=0 must
// succeed; this shows that only the mistake causes the failure.
#include <bouncer_verify.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace bouncer;

/// A range that stores no text. Reading an item makes a temporary string.
struct TextsMadeOnRead {
    struct Iterator {
        std::string operator*() const;
        Iterator &operator++();
        bool operator!=(const Iterator &) const;
    };
    std::size_t size() const;
    Iterator begin() const;
    Iterator end() const;
};

inline void mistakes(const JwkSet &jwks, const Policy &policy, const Jwk &key, const RemoteJwkSet &remote,
                     const KeysSettings &settings, const TokenRenewer &renewer, const RenewerSettings &login,
                     const Verifier &verifier, Ticket ticket, std::string_view text) {
    (void)jwks, (void)policy, (void)key, (void)remote, (void)settings, (void)renewer, (void)login,
        (void)verifier;
    (void)ticket, (void)text;
#if MISTAKE == 1
    JwkSet copy = jwks;
#elif MISTAKE == 2
    Policy copy = policy;
#elif MISTAKE == 3
    Jwk copy = key;
#elif MISTAKE == 4
    VerifiedToken token = verify_token(jwks, policy, text);
    VerifiedToken copy = token;
#elif MISTAKE == 5
    Verifier verifier(jwks, policy);
    Verifier copy = verifier;
#elif MISTAKE == 6
    auto dangling = verify_token(jwks, policy, text).uid();
#elif MISTAKE == 7
    auto dangling = verify_token(jwks, policy, text).payload();
#elif MISTAKE == 8
    auto dangling = try_verify_token(jwks, policy, text).value().claim("uid");
#elif MISTAKE == 9
    auto dangling = try_verify_token(jwks, policy, text)->uid();
#elif MISTAKE == 10
    for (JwkView dangling : JwkSet::load(text).keys()) {
    }
#elif MISTAKE == 11
    auto dangling = Jwk::from_pem(text)->thumbprint();
#elif MISTAKE == 12
    JwkView dangling = Jwk::from_pem(text);
#elif MISTAKE == 13
    auto dangling = token_from_authorization(std::string("token=a.b.c"));
#elif MISTAKE == 14
    auto dangling = try_token_from_authorization(std::string("token=a.b.c"));
#elif MISTAKE == 15
    auto dangling = JwkSet::try_load(text).error().message();
#elif MISTAKE == 16
    JwkSet::try_load(text);  // The failure is not checked.
#elif MISTAKE == 17
    Policy::try_make(PolicySettings());
#elif MISTAKE == 18
    verify_token(jwks, policy, text);
#elif MISTAKE == 19
    PolicySettings().leeway(std::chrono::seconds(5));  // The returned settings are not used.
#elif MISTAKE == 20
    bool loaded = JwkSet::try_load(text);  // The keys would be lost.
#elif MISTAKE == 21
    RemoteJwkSet copy = remote;  // A copy would fetch the keys again.
#elif MISTAKE == 22
    KeysSettings copy = settings;
#elif MISTAKE == 23
    auto dangling = remote.stats().text("keys_state");
#elif MISTAKE == 24
    auto dangling = remote.try_stats()->find("keys_state");
#elif MISTAKE == 25
    for (JwkView dangling : remote.current().keys()) {
    }
#elif MISTAKE == 26
    KeysSettings().url(text);  // The returned settings are not used.
#elif MISTAKE == 27
    remote.try_wait_ready(std::chrono::seconds(1));
#elif MISTAKE == 28
    verifier.resume(text, ticket);
#elif MISTAKE == 29
    bool due = ticket;
#elif MISTAKE == 30
    verifier.verify_now(text);
#elif MISTAKE == 31
    TokenRenewer copy = renewer;  // A copy would log in again.
#elif MISTAKE == 32
    RenewerSettings copy = login;
#elif MISTAKE == 33
    OwnToken token = renewer.token();
    OwnToken copy = token;
#elif MISTAKE == 34
    auto dangling = renewer.token().authorization();
#elif MISTAKE == 35
    auto dangling = renewer.try_token()->text();
#elif MISTAKE == 36
    auto dangling = renewer.stats().json();
#elif MISTAKE == 37
    auto dangling = RenewerSettings().supplied(text).document();
#elif MISTAKE == 38
    renewer.try_renew(std::chrono::seconds(1));
#elif MISTAKE == 39
    renewer.wait(ticket, std::chrono::seconds(1));
#elif MISTAKE == 40
    renewer.reject(text);  // The returned token is not used.
#elif MISTAKE == 41
    renewer.try_supply(text);
#elif MISTAKE == 42
    is_token_rejection(401);
#elif MISTAKE == 43
    auto dangling = verify_tokens(jwks, policy, std::vector<std::string_view>{text}).columns();
#elif MISTAKE == 44
    auto dangling = verify_tokens(jwks, policy, std::vector<std::string_view>{text})[0];
#elif MISTAKE == 45
    Verifier(jwks, policy).try_with_cache(8);  // The returned verifier is not used.
#elif MISTAKE == 46
    TokenView dangling = verify_token(jwks, policy, text);
#elif MISTAKE == 47
    TokenView dangling = Verifier(jwks, policy).try_verify(text).value();
#elif MISTAKE == 48
    auto dangling = verify_tokens(jwks, policy, TextsMadeOnRead{});
#elif MISTAKE == 49
    auto dangling = verify_token(jwks, policy, text).claim_string("uid");
#elif MISTAKE == 50
    auto dangling = Verifier(jwks, policy).try_verify_authorization(text).value().try_claim_strings("groups");
#elif MISTAKE == 51
    Verifier(jwks, policy).verify_authorization(text);
#elif MISTAKE == 52
    // A temporary header value: use verify_authorization() instead.
    auto token = Verifier(jwks, policy).verify(token_from_authorization(std::string(text)));
#elif MISTAKE == 53
    try_set_logger([](LogLevel, std::string_view) {});
#elif MISTAKE == 54
    PolicySettings().leewya(std::chrono::seconds(5));
#elif MISTAKE == 55
    Policy made(PolicySettings().leeway(5));  // A duration without a unit.
#elif MISTAKE == 56
    Policy made(PolicySettings().issuers(text));  // A text in place of a list.
#elif MISTAKE == 57
    Policy made(KeysSettings().url(text));
#elif MISTAKE == 58
    auto dangling = verifier.verify_now(text).result().value().claim("uid");
#elif MISTAKE == 59
    verifier.try_reload(text);
#elif MISTAKE == 60
    Verifier::try_from_config(text);
#elif MISTAKE == 61
    VerifierSettings().accept(jwks, policy);  // The returned settings are not used.
#elif MISTAKE == 62
    VerifierSettings entries;
    VerifierSettings copy = entries;
#elif MISTAKE == 63
    Verifier made(VerifierSettings().accept(policy, jwks));
#elif MISTAKE == 64
    Verifier made(VerifierSettings().accept(jwks));  // An entry without a policy.
#elif MISTAKE == 65
    verifier.try_wait_ready(std::chrono::seconds(1));
#elif MISTAKE > 65
#error "no mistake has this number"
#endif
}
