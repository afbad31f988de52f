// Tests of batches, of a verifier's cache, and of the choice of the back end.
#include "check.hpp"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

using bouncer::Backend;
using bouncer::Batch;
using bouncer::Columns;
using bouncer::JwkSet;
using bouncer::Policy;
using bouncer::Status;
using bouncer::Verifier;

/// The time that CLOCK_REALTIME returns, in seconds since 1970; 0 means the real time.
static std::atomic<std::int64_t> wall_clock{0};

// Replaces libc's function in the whole process, so the library calls this one too. With a fixed
// time in the policy, a cached token would never expire. So the tests replace the system's clock.
extern "C" int clock_gettime(clockid_t clock, timespec *time) noexcept {
    if (clock != CLOCK_REALTIME || wall_clock == 0) {
        return static_cast<int>(syscall(SYS_clock_gettime, clock, time));
    }
    *time = {static_cast<time_t>(wall_clock.load()), 0};
    return 0;
}

static_assert(std::is_nothrow_move_constructible_v<Batch> && !std::is_copy_constructible_v<Batch>);

/// Copies of the example token of the DC/OS documentation. Every third copy has an invalid
/// signature, but every fifth copy is malformed instead.
static std::vector<std::string> tokens(std::size_t count) {
    std::vector<std::string> made(count, document_token());
    for (std::size_t i = 0; i < count; ++i) {
        if (i % 5 == 4) {
            made[i] = "none";
        } else if (i % 3 == 2) {
            char &changed = made[i][made[i].size() - 10];
            changed = changed == 'A' ? 'B' : 'A';
        }
    }
    return made;
}

static Status expected(std::size_t i) {
    return i % 5 == 4 ? Status::MalformedToken : i % 3 == 2 ? Status::InvalidSignature : Status::Ok;
}

static void check(const Batch &batch, std::size_t count) {
    CHECK(batch.size() == count && batch.empty() == (count == 0));
    std::size_t i = 0;
    for (const bouncer::VerdictView verdict : batch) {
        CHECK(verdict.status() == expected(i) && batch[i].status() == expected(i));
        CHECK(static_cast<bool>(verdict) == (expected(i) == Status::Ok));
        if (verdict) {
            CHECK(verdict.token().uid() == "peter" && verdict.token().expires_at() == document_exp);
            CHECK(std::strcmp(verdict.name(), "ok") == 0);
        } else {
            CHECK(!verdict.token() && !verdict.token().uid() && !verdict.claim());
            CHECK(std::strcmp(verdict.name(), bouncer::status_name(expected(i))) == 0);
            CHECK(std::strlen(verdict.message()) > 10);
        }
        ++i;
    }
    CHECK(i == count && batch[count].status() == Status::InvalidArgument && !batch[count]);

    const Columns columns = batch.columns();
    CHECK(columns.status.size() == count && columns.exp.size() == count &&
          columns.uid_offsets.size() == count + 1);
    CHECK(columns.exp_validity.size() == (count + 7) / 8 && columns.uid_validity.size() == (count + 7) / 8);
    CHECK(columns.uid_offsets[0] == 0 &&
          columns.uid_offsets[count] == static_cast<std::int64_t>(columns.uid_data.size()));
    for (i = 0; i < count; ++i) {
        const bool passed = expected(i) == Status::Ok;
        CHECK(columns.status[i] == static_cast<std::uint32_t>(expected(i)));
        CHECK(columns.exp[i] == (passed ? document_exp : 0));
        CHECK((columns.exp_validity[i / 8] >> i % 8 & 1) == passed &&
              (columns.uid_validity[i / 8] >> i % 8 & 1) == passed);
        const auto begin = static_cast<std::size_t>(columns.uid_offsets[i]);
        const auto size = static_cast<std::size_t>(columns.uid_offsets[i + 1]) - begin;
        CHECK(columns.uid_data.substr(begin, size) == (passed ? "peter" : ""));
    }
}

static void a_batch_of_any_size_returns_the_verdicts_of_single_calls(const JwkSet &jwks) {
    const Policy policy = policy_at(document_exp - 1);
    const Verifier verifier(jwks, policy);
    for (const std::size_t count : {0U, 1U, 7U, 8U, 64U, 150U}) {
        const std::vector<std::string> texts = tokens(count);
        for (const std::size_t threads : {0U, 1U, 2U}) {
            check(bouncer::verify_tokens(jwks, policy, texts, threads), count);
            check(verifier.verify_batch(texts, threads), count);
        }
    }
    const std::string text = document_token();
    const std::array<std::string_view, 1> views{text};
    check(*bouncer::try_verify_tokens(jwks, policy, views), 1);
    check(verifier.try_verify_batch(std::vector<const char *>{text.c_str()}).value(), 1);
}

static void a_batch_can_be_moved_and_fails_with_moved_from_keys(const JwkSet &jwks) {
    const std::vector<std::string> texts = tokens(20);
    const Policy policy = policy_at(document_exp - 1);
    Batch first = bouncer::verify_tokens(jwks, policy, texts);
    const bouncer::TokenView token = first[0].token();
    const Batch second = std::move(first);
    CHECK(token.uid() == "peter" && second.size() == 20);
    CHECK(first.size() == 0 && first.columns().status.size() == 0 && first.columns().uid_offsets.size() == 0);
    CHECK(first[0].status() == Status::NullArgument);
    check(second, 20);

    JwkSet gone = JwkSet::load(read_file("document_jwks.json"));
    const JwkSet taken = std::move(gone);
    CHECK(fails(bouncer::try_verify_tokens(gone, policy, texts), Status::NullArgument));
    Verifier verifier(taken, policy);
    const Verifier other = std::move(verifier);
    CHECK(fails(verifier.try_verify_batch(texts), Status::NullArgument));
    CHECK(fails(verifier.try_with_cache(8), Status::NullArgument) &&
          fails(verifier.try_stats(), Status::NullArgument));
    check(other.verify_batch(texts), 20);
}

static void a_cache_changes_no_verdict(const JwkSet &jwks) {
    const std::string text = document_token();
    const Verifier plain(jwks, policy_at(document_exp - 1));
    CHECK(cache(plain).lacks({"capacity", "hits_total", "misses_total"}));
    const Verifier cached = plain.with_cache(100);
    CHECK(cache(cached).number("capacity") >= 100);
    for (int i = 0; i < 3; ++i) {
        CHECK(cached.verify(text).expires_at() == document_exp);
        CHECK(fails(cached.try_verify("a.b"), Status::MalformedToken));
    }
    CHECK(cache(cached).number("hits_total") == 2 && cache(cached).number("misses_total") == 4);
    check(cached.verify_batch(tokens(64)), 64);
    CHECK(cache(cached.with_cache(0)).lacks({"capacity"}));
    const Verifier late = Verifier(jwks, policy_at(document_exp)).with_cache(100);
    for (int i = 0; i < 2; ++i) {
        CHECK(fails(late.try_verify(text), Status::Expired));
    }
    CHECK(cache(late).number("hits_total") == 0);
}

static void a_cached_token_expires(const JwkSet &jwks) {
    const std::vector<std::string> texts(3, document_token());
    const Verifier cached = Verifier(jwks, Policy::dcos()).with_cache(100);
    wall_clock = document_exp - 1;
    CHECK(cached.try_verify(texts[0]) && cached.try_verify(texts[0]));
    for (const bouncer::VerdictView verdict : cached.verify_batch(texts)) {
        CHECK(verdict);
    }
    wall_clock = document_exp;
    for (int i = 0; i < 2; ++i) {
        const auto verdict = cached.try_verify(texts[0]);
        CHECK(fails(verdict, Status::Expired) && verdict.error().claim() == "exp");
    }
    for (const bouncer::VerdictView verdict : cached.verify_batch(texts)) {
        CHECK(verdict.status() == Status::Expired && verdict.claim() == "exp");
    }
    // All lookups but the first were hits.
    CHECK(cache(cached).number("hits_total") == 9 && cache(cached).number("misses_total") == 1);
    wall_clock = 0;
}

int main() {
    const std::string json = read_file("document_jwks.json");
    for (const Backend backend : {Backend::Accelerated, Backend::AwsLc}) {
        const JwkSet jwks = JwkSet::load(json, backend);
        CHECK(jwks.accelerated_keys() <= (backend == Backend::Accelerated ? jwks.keys().size() : 0));
        a_batch_of_any_size_returns_the_verdicts_of_single_calls(jwks);
        a_batch_can_be_moved_and_fails_with_moved_from_keys(jwks);
        a_cache_changes_no_verdict(jwks);
        a_cached_token_expires(jwks);
    }
    CHECK(fails(JwkSet::try_load(json, static_cast<Backend>(2)), Status::InvalidArgument));
    const auto remote = [](std::string_view backend) {
        return bouncer::RemoteJwkSet::try_make(
            bouncer::KeysSettings().url("https://idp.example/").lazy().backend(backend));
    };
    CHECK(remote("aws-lc") && remote("accelerated") && fails(remote("other"), Status::InvalidArgument));
}
