// A verifier of several issuers: its entries, configuration documents, reload and stats.
#include "issuers.hpp"

#include <atomic>

using bouncer::JwkSet;
using bouncer::KeysSettings;
using bouncer::Policy;
using bouncer::PolicySettings;
using bouncer::RemoteJwkSet;
using bouncer::Stats;
using bouncer::Status;
using bouncer::Verifier;
using bouncer::VerifierSettings;
using namespace std::chrono_literals;

static Policy policy_of(const std::string &issuer) {
    return Policy::for_issuer(issuer, "orders");
}

static Status status_of(const Verifier &verifier, std::string_view token) {
    const auto result = verifier.try_verify(token);
    return result ? Status::Ok : result.error().status();
}

/// The "iss" of the token; empty if the token has none or is rejected.
static std::string issuer_of(const Verifier &verifier, std::string_view text) {
    const auto token = verifier.try_verify(text);
    return token ? std::string(token->issuer().value_or("")) : "";
}

static bool accepts(const Verifier &verifier, std::string_view token) {
    return status_of(verifier, token) == Status::Ok;
}

/// True if `result` is a failure that names `claim`.
template <class T>
static bool names(const bouncer::Result<T> &result, std::string_view claim) {
    return fails(result, Status::InvalidArgument) && result.error().claim() == claim;
}

static void the_issuer_of_a_token_selects_the_entry() {
    const JwkSet of_a = JwkSet::load(jwks_of_a), of_b = JwkSet::load(jwks_of_b);
    const Verifier verifier(VerifierSettings()
                                .accept(of_a, policy_of("https://a.example/"))
                                .accept(of_b, policy_of("https://b.example/"))
                                .accept(JwkSet::load(keys_a), Policy::dcos()));
    CHECK(issuer_of(verifier, token_of_a) == "https://a.example/");
    CHECK(issuer_of(verifier, token_of_b) == "https://b.example/");
    const bouncer::VerifiedToken of_dcos = verifier.verify(token_a);
    CHECK(of_dcos.uid() == "peter" && !of_dcos.issuer());
    // The key of one entry does not verify a token of another entry.
    CHECK(status_of(verifier, token_of_a_signed_by_b) == Status::InvalidSignature);
    CHECK(status_of(verifier, token_b) == Status::NoMatchingKey);

    const Verifier only_b(VerifierSettings().accept(of_b, policy_of("https://b.example/")));
    CHECK(accepts(only_b, token_of_b) && !accepts(only_b, token_of_a));
    const Verifier without_a(VerifierSettings()
                                 .accept(of_b, policy_of("https://b.example/"))
                                 .accept(of_a, policy_of("https://c.example/")));
    const auto unknown = without_a.try_verify(token_of_a);
    CHECK(fails(unknown, Status::WrongIssuer) && unknown.error().claim() == "iss");
    CHECK(status_of(without_a, token_a) == Status::MissingClaim);
}

static void a_batch_may_contain_tokens_of_all_issuers() {
    const Verifier verifier = Verifier::from_config(configuration({entry_a, entry_b, entry_dcos}, 100));
    const std::vector<std::string> tokens{token_of_b, token_of_a, token_a, token_of_a_signed_by_b};
    for (int i = 0; i < 2; i++) {
        const bouncer::Batch batch = verifier.verify_batch(tokens);
        CHECK(batch[0].token().issuer() == "https://b.example/" &&
              batch[1].token().issuer() == "https://a.example/");
        CHECK(batch[2].token().uid() == "peter" && batch[3].status() == Status::InvalidSignature);
    }
    CHECK(cache(verifier).number("hits_total") == 3 && cache(verifier).number("capacity") >= 100);
    CHECK(verifier.verify_now(token_of_b).result());
}

static void settings_combine_a_document_with_entries_that_are_made_in_code() {
    const JwkSet of_a = JwkSet::load(jwks_of_a);
    VerifierSettings settings;
    settings.load(configuration({entry_b})).accept(of_a, policy_of("https://a.example/")).cache(8);
    CHECK(settings.document().find("made in code") != std::string_view::npos);
    const Verifier verifier(settings);
    CHECK(accepts(verifier, token_of_a) && accepts(verifier, token_of_b));
    CHECK(cache(verifier).number("capacity") >= 8);
    CHECK(cache(Verifier::from_config(configuration({entry_a}))).lacks({"capacity"}));
}

static void a_rejected_document_names_the_path_of_the_fault() {
    CHECK(names(Verifier::try_from_config(R"({"accept":[]})"), "accept"));
    CHECK(names(Verifier::try_from_config("{}"), "accept"));
    CHECK(names(Verifier::try_from_config(
                    configuration({entry_a, entry("https://b.example/", jwks_of_b, R"("leeway":30,)")})),
                "accept[1].leeway"));
    CHECK(names(Verifier::try_from_config(configuration({entry_a, entry_a})), "accept[1].issuers"));
    const auto no_keys = Verifier::try_from_config(configuration({entry("https://a.example/", "{}")}));
    CHECK(fails(no_keys, Status::MalformedJwkSet) && no_keys.error().claim() == "accept[0].keys.jwks");
    CHECK(fails(Verifier::try_from_config("{"), Status::InvalidArgument));
    CHECK(fails(Verifier::try_from_config({}), Status::InvalidArgument));
    CHECK(fails(Verifier::try_from_config("\xff"), Status::InvalidArgument));
    try {
        (void)Verifier::from_config(R"({"accpet":[]})");
        CHECK(false);
    } catch (const bouncer::Error &error) {
        CHECK(error.status() == Status::InvalidArgument &&
              std::string_view(error.what()).find("did you mean \"accept\"?") != std::string_view::npos);
    }
}

static void settings_keep_their_first_failure() {
    const JwkSet of_a = JwkSet::load(jwks_of_a);
    VerifierSettings settings;
    settings.cache(1 << 21).accept(of_a, policy_of("https://a.example/"));
    CHECK(names(Verifier::try_make(settings), "cache"));
    CHECK(names(Verifier::try_make(VerifierSettings().cache(8)), "accept"));

    JwkSet moved = JwkSet::load(jwks_of_a);
    const JwkSet owner = std::move(moved);
    const auto without_keys = Verifier::try_make(VerifierSettings().accept(moved, Policy::dcos()));
    CHECK(fails(without_keys, Status::InvalidArgument));
    CHECK(Verifier::try_make(VerifierSettings().accept(owner, Policy::dcos())));
    Policy dcos = Policy::dcos();
    const Policy policy = std::move(dcos);
    CHECK(fails(Verifier::try_make(VerifierSettings().accept(owner, dcos)), Status::InvalidArgument));
    try {
        const Verifier verifier{VerifierSettings()};
        CHECK(false);
    } catch (const bouncer::Error &error) {
        CHECK(error.claim() == "accept");
    }

    VerifierSettings first;
    first.accept(of_a, policy);
    const VerifierSettings second = std::move(first);
    CHECK(fails(Verifier::try_make(first), Status::NullArgument) && Verifier::try_make(second));
    Verifier verifier(second);
    CHECK(fails(verifier.try_reload(first), Status::NullArgument));
    const Verifier kept = std::move(verifier);
    CHECK(fails(verifier.try_reload(second), Status::NullArgument) &&
          fails(verifier.try_reload(configuration({entry_a})), Status::NullArgument) &&
          fails(verifier.try_wait_ready(0s), Status::NullArgument));
    CHECK(kept.try_reload(second) && kept.try_wait_ready(0s));
}

static void remote_keys_are_fetched_for_each_entry() {
    Server server([](const std::string &path) {
        if (path == "/a") {
            return Reply::json(jwks_of_a);
        }
        return path == "/b" ? Reply::json(jwks_of_b) : Reply::failure(503);
    });
    const auto remote = [&](const std::string &path) {
        return RemoteJwkSet(KeysSettings().url(server.origin() + path));
    };
    const Verifier verifier(VerifierSettings()
                                .accept(remote("/a"), policy_of("https://a.example/"))
                                .accept(remote("/b"), policy_of("https://b.example/")));
    verifier.wait_ready(test_timeout);
    CHECK(accepts(verifier, token_of_a) && accepts(verifier, token_of_b));
    CHECK(status_of(verifier, token_of_a_signed_by_b) == Status::InvalidSignature);

    const auto of_document = [&](const std::string &issuer, const std::string &path) {
        return R"({"issuers":[")" + issuer + R"("],"audiences":["orders"],"keys":{"max_wait":"0s","url":")" +
               server.origin() + path + R"("}})";
    };
    const Verifier half = Verifier::from_config(configuration(
        {of_document("https://a.example/", "/a"), of_document("https://b.example/", "/none")}));
    CHECK(until([&] { return accepts(half, token_of_a); }));
    CHECK(fails(half.try_wait_ready(10ms), Status::KeysUnavailable));
    CHECK(status_of(half, token_of_b) == Status::KeysUnavailable);
    try {
        half.wait_ready(10ms);
        CHECK(false);
    } catch (const bouncer::Error &error) {
        CHECK(error.status() == Status::KeysUnavailable && error.http_status() == 503);
    }
    const Stats stats = half.stats();
    CHECK(stats.number(BOUNCER_STAT_KEYS_USABLE, "https://a.example/") == 1 &&
          stats.number(BOUNCER_STAT_KEYS_USABLE, "https://b.example/") == 0);
}

static void a_reload_replaces_the_entries() {
    const Verifier verifier = Verifier::from_config(configuration({entry_a}, 8));
    CHECK(accepts(verifier, token_of_a) && !accepts(verifier, token_of_b));
    verifier.reload(configuration({entry_a, entry_b}, 8));
    CHECK(accepts(verifier, token_of_a) && accepts(verifier, token_of_b));
    // The entry of a is the same as before, so it keeps its counters and its cached token.
    CHECK(verifier.stats().verifications(Status::Ok, "https://a.example/") == 2);
    CHECK(cache(verifier).number("hits_total") == 1);

    for (const std::string &bad : {std::string("{}"), configuration({entry_a, entry_a})}) {
        CHECK(fails(verifier.try_reload(bad), Status::InvalidArgument));
        try {
            verifier.reload(bad);
            CHECK(false);
        } catch (const bouncer::Error &error) {
            CHECK(error.status() == Status::InvalidArgument);
        }
        CHECK(accepts(verifier, token_of_a) && accepts(verifier, token_of_b));
    }
    verifier.reload(VerifierSettings().accept(JwkSet::load(jwks_of_b), policy_of("https://b.example/")));
    CHECK(!accepts(verifier, token_of_a) && accepts(verifier, token_of_b));
    CHECK(cache(verifier).lacks({"capacity"}));
}

/// Eight threads verify while the entries change. A token of an entry that is always there is never
/// rejected. A token of a removed entry is rejected as soon as the reload has returned.
static void a_reload_is_atomic_for_eight_threads() {
    const std::string both = configuration({entry_a, entry_b, entry_dcos}, 100);
    const std::string one = configuration({entry_a, entry_dcos}, 100);
    const Verifier verifier = Verifier::from_config(both);
    std::atomic<bool> ended{false};
    std::atomic<unsigned> accepted{0}, rejected{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++) {
        threads.emplace_back([&, i] {
            while (!ended) {
                CHECK(status_of(verifier, i % 2 == 0 ? token_of_a : token_a) == Status::Ok);
                const Status status = status_of(verifier, token_of_b);
                CHECK(status == Status::Ok || status == Status::WrongIssuer);
                ++(status == Status::Ok ? accepted : rejected);
            }
        });
    }
    for (int i = 0; i < 50; i++) {
        verifier.reload(one);
        CHECK(status_of(verifier, token_of_b) == Status::WrongIssuer);
        CHECK(!verifier.try_reload(configuration({entry_a, entry_a})));
        CHECK(until([&, before = rejected.load()] { return rejected > before; }));
        verifier.reload(both);
        CHECK(accepts(verifier, token_of_b));
        CHECK(until([&, before = accepted.load()] { return accepted > before; }));
    }
    ended = true;
    for (std::thread &thread : threads) {
        thread.join();
    }
}

static void stats_count_the_verifications_of_each_entry_by_status() {
    const Verifier verifier = Verifier::from_config(configuration({entry_a, entry_b}));
    for (const std::string &token : {token_of_a, token_of_a, token_of_a_signed_by_b, token_of_b, token_a}) {
        (void)verifier.try_verify(token);
    }
    const Stats stats = verifier.stats();
    CHECK(stats.verifications(Status::Ok) == 3 && stats.verifications(Status::Ok, "https://a.example/") == 2);
    CHECK(stats.verifications(Status::Ok, "https://b.example/") == 1);
    CHECK(stats.verifications(Status::InvalidSignature, "https://a.example/") == 1 &&
          stats.verifications(Status::InvalidSignature, "https://b.example/") == 0);
    // No entry is for the token without "iss".
    CHECK(stats.verifications(Status::MissingClaim) == 1 && stats.verifications(Status::Expired) == 0);
    CHECK(stats.verifications(Status::Ok, "https://c.example/") == 0);
    bool found = false;
    for (const bouncer::Stat stat : stats) {
        const bool counts = stat.name == BOUNCER_STAT_VERIFICATIONS_TOTAL;
        CHECK(counts == !stat.status.empty());
        found = found || (stat.source == "https://a.example/" && stat.status == "invalid_signature" &&
                          stat.number == 1);
    }
    CHECK(found);
    CHECK(stats.prometheus().find(
              R"(bouncer_verifications_total{source="https://a.example/",status="ok"} 2)") !=
          std::string_view::npos);
}

int main() {
    the_issuer_of_a_token_selects_the_entry();
    a_batch_may_contain_tokens_of_all_issuers();
    settings_combine_a_document_with_entries_that_are_made_in_code();
    a_rejected_document_names_the_path_of_the_fault();
    settings_keep_their_first_failure();
    remote_keys_are_fetched_for_each_entry();
    a_reload_replaces_the_entries();
    a_reload_is_atomic_for_eight_threads();
    stats_count_the_verifications_of_each_entry_by_status();
}
