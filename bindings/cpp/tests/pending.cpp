// Verifications that never block: pending verdicts and their tickets.
#include "remote_keys.hpp"

#include <chrono>
#include <string_view>
#include <vector>

using bouncer::JwkSet;
using bouncer::KeysSettings;
using bouncer::Policy;
using bouncer::RemoteJwkSet;
using bouncer::Status;
using bouncer::Ticket;
using bouncer::Verdict;
using bouncer::VerifiedToken;
using bouncer::Verifier;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

static void verify_now_never_blocks_and_returns_a_ticket() {
    Server server(Reply::json(keys_a));
    const RemoteJwkSet keys = ready(server);
    const Verifier verifier(keys, Policy::dcos());
    const Verdict known = verifier.verify_now(token_a);
    CHECK(!known.is_pending() && !known.ticket() && known.result()->expires_at() == token_exp);
    CHECK(!keys.wait(known.ticket(), test_timeout));  // An empty ticket.

    server.reply_with(Reply::json(keys_ab).after(300ms));
    const auto start = Clock::now();
    const Verdict unknown = verifier.verify_now(token_b);
    const Ticket ticket = unknown.ticket();
    CHECK(unknown.is_pending() && ticket && !keys.wait(ticket, 0ms) && !keys.wait(ticket, -1s));
    const Ticket joined = verifier.verify_now(token_b).ticket();
    CHECK(verifier.max_wait(joined) == 2s && verifier.max_wait(Ticket()) == 0ms);
    CHECK(Clock::now() - start < 250ms && joined);
    CHECK(verifier.wait(joined, test_timeout) && keys.wait(ticket, 0ms));
    const VerifiedToken token = verifier.resume(token_b, ticket).result().value();
    CHECK(token.expires_at() == token_exp && server.count() == 2);

    // The fetched set has no key "c" either, so the verdict after the fetch is final.
    const std::string lost = forged(token_b, "c");
    const Verdict again = verifier.verify_now(lost);
    CHECK(again.is_pending() && keys.wait(again.ticket(), test_timeout));
    CHECK(fails(verifier.resume(lost, again.ticket()).result(), Status::NoMatchingKey));

    // Fixed keys are never fetched, so the verdict is never pending.
    const Verifier fixed(JwkSet::load(keys_a), Policy::dcos());
    CHECK(fixed.verify_now(token_a).result() &&
          fails(fixed.verify_now(token_b).result(), Status::NoMatchingKey));

    // Before the end of the first fetch, the verdict is pending.
    server.reply_with(Reply::json(keys_a).after(100ms));
    const RemoteJwkSet late(KeysSettings().url(server.url()));
    const Verifier first(late, Policy::dcos());
    Verdict verdict = first.verify_now(token_a);
    CHECK(verdict.is_pending());
    while (verdict.is_pending()) {
        CHECK(first.wait(verdict.ticket(), test_timeout));
        verdict = first.resume(token_a, verdict.ticket());
    }
    CHECK(verdict.result());
}

static void resuming_before_the_fetch_has_ended_returns_a_final_verdict() {
    Server server(Reply::json(keys_a));
    const RemoteJwkSet keys = ready(server);
    server.reply_with(Reply::hang());
    const Verifier verifier(keys, Policy::dcos());
    const Verdict pending = verifier.verify_now(token_b);
    CHECK(pending.is_pending() && !verifier.wait(pending.ticket(), 10ms));
    const Verdict final = verifier.resume(token_b, pending.ticket());
    CHECK(!final.is_pending() && fails(final.result(), Status::KeysUnavailable));
    keys.close();
    CHECK(verifier.max_wait(pending.ticket()) == 0ms);
}

static void verify_batch_now_returns_a_ticket_for_each_pending_token() {
    Server server(Reply::json(keys_a));
    const RemoteJwkSet keys = ready(server);
    server.reply_with(Reply::json(keys_ab).after(300ms));
    const Verifier plain(keys, Policy::dcos());
    const Verifier verifier = plain.with_cache(100);
    const std::vector<std::string_view> tokens = {token_a, token_b, "a.b", token_a};
    const auto start = Clock::now();
    const bouncer::Batch batch = verifier.verify_batch_now(tokens, 2);
    CHECK(Clock::now() - start < 250ms);
    CHECK(batch[0] && batch[3] && !batch[0].ticket() && !batch[3].ticket());
    CHECK(batch[2].status() == Status::MalformedToken && !batch[2].ticket() && !batch[4].ticket());
    const Ticket ticket = batch[1].ticket();
    CHECK(batch[1].status() == Status::Pending && batch[1].is_pending() && ticket && !batch[1] &&
          !batch[1].token());
    CHECK(std::string_view(batch[1].message()) == "pending" && verifier.wait(ticket, test_timeout));
    const VerifiedToken token = verifier.resume(token_b, ticket).result().value();
    CHECK(token.expires_at() == token_exp);
    CHECK(cache(verifier).number("hits_total") == 0 && cache(verifier).number("misses_total") == 5);
    // No verdict is pending. The new keys emptied the cache. So only `token_b`, which was verified
    // after that, is a cache hit.
    const bouncer::Batch again = verifier.try_verify_batch_now(tokens).value();
    CHECK(again[1] && !again[1].ticket() && cache(verifier).number("hits_total") == 1);
    for (const bouncer::VerdictView verdict : verifier.verify_batch(tokens)) {
        CHECK(!verdict.is_pending());
    }
    CHECK(server.count() == 2);
}

int main() {
    verify_now_never_blocks_and_returns_a_ticket();
    resuming_before_the_fetch_has_ended_returns_a_final_verdict();
    verify_batch_now_returns_a_ticket_for_each_pending_token();
}
