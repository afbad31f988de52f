/// @file verifier.hpp
/// The verifier, and functions that verify tokens.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "batch.hpp"
#include "verifier_settings.hpp"

namespace bouncer {

/// Verifies a JWT: its signature with the keys of `jwks`, then its claims against `policy` (RFC
/// 7519 section 7.2).
///
/// `token` is a JWS in Compact Serialization, without white space around it. On failure: a status
/// of the 200s or 300s. The checks run in a fixed order; the status reports the first check
/// that fails.
inline Result<VerifiedToken> try_verify_token(const JwkSet &jwks, const Policy &policy,
                                              std::string_view token) noexcept {
    return detail::make<VerifiedToken>(bouncer_verify_token, jwks.handle(), policy.handle(), token);
}

/// Verifies many JWTs, each as try_verify_token() does. `tokens` is a container of text:
/// `std::string`, `std::string_view` or `const char *`.
///
/// `threads` is the maximum number of threads, including the calling thread; 0 means 1. Each
/// additional thread verifies at least 64 tokens. The call succeeds even if every token is
/// rejected: the verdicts are in the Batch.
template <class Tokens>
Result<Batch> try_verify_tokens(const JwkSet &jwks, const Policy &policy, const Tokens &tokens,
                                std::size_t threads = 1) noexcept {
    const detail::TextArray array(tokens);
    return detail::make<Batch>(bouncer_verify_tokens, jwks.handle(), policy.handle(), array.data(),
                               array.size(), threads);
}

#ifdef __cpp_exceptions
/// @copydoc try_verify_tokens @throws Error
template <class Tokens>
[[nodiscard]] Batch verify_tokens(const JwkSet &jwks, const Policy &policy, const Tokens &tokens,
                                  std::size_t threads = 1) {
    return try_verify_tokens(jwks, policy, tokens, threads).or_throw();
}

/// @copydoc try_verify_token @throws Error
[[nodiscard]] inline VerifiedToken verify_token(const JwkSet &jwks, const Policy &policy,
                                                std::string_view token) {
    return try_verify_token(jwks, policy, token).or_throw();
}
#endif

/// Verifies tokens of one issuer or of many. The verifier stays valid after its keys and its
/// policies are destroyed.
///
/// A verifier has entries, each with the keys of one issuer, a JwkSet or a RemoteJwkSet, and the
/// policy for its tokens. With several entries, the token's "iss" selects the entry, and decides
/// nothing else: the token must pass that entry's policy, with a signature of that entry's keys.
/// Entries share no keys, no limits for fetches and no verified tokens.
///
/// - "iss" must be one of the `issuers` of an entry. No two entries may name the same issuer.
/// - A token without "iss" goes to the entry whose policy names no issuers, for example
///   Policy::dcos(). Only one entry may have such a policy.
/// - A token with another "iss" goes to that same entry only if its policy is Policy::any_issuer().
///   Otherwise the token is rejected with Status::WrongIssuer, and nothing is fetched.
///
/// A verifier with a single entry verifies each token with that entry.
class Verifier : public detail::Owner<bouncer_verifier> {
public:
    using Owner::Owner;

    /// Makes a verifier from a configuration document, such as
    /// `{"accept": [{"issuers": ["https://a/"], "audiences": ["orders"]}]}`. docs/settings.md
    /// describes it. Remote keys are fetched in the background, at once.
    ///
    /// On failure: Status::InvalidArgument if a setting is invalid. Failure::claim() is then its
    /// path, for example "accept[1].keys.max_stale". Status::MalformedJwkSet or Status::NoUsableKey
    /// if a JWK Set in the document or in a file is rejected.
    static Result<Verifier> try_from_config(std::string_view json) noexcept {
        return try_make(VerifierSettings().load(json));
    }
    /// Makes a verifier from `settings`, which are copied. On failure: as try_from_config().
    static Result<Verifier> try_make(const VerifierSettings &settings) noexcept {
        return detail::make<Verifier>(bouncer_verifier_new, settings.handle());
    }
    /// Makes a verifier with a single entry from `jwks` and `policy`. On failure:
    /// Status::NullArgument after a move.
    static Result<Verifier> try_make(const JwkSet &jwks, const Policy &policy) noexcept {
        return detail::make<Verifier>(bouncer_verifier_new_jwks, jwks.handle(), policy.handle());
    }
    /// Makes a verifier with a single entry from `remote` and `policy`. On failure:
    /// Status::NullArgument after a move.
    static Result<Verifier> try_make(const RemoteJwkSet &remote, const Policy &policy) noexcept {
        return detail::make<Verifier>(bouncer_verifier_new_remote, remote.handle(),
                                      policy.handle());
    }
    /// Replaces all entries by those of a configuration document. The change is atomic: each
    /// verification uses the old entries or the new ones. Other threads may use the verifier
    /// meanwhile.
    ///
    /// An entry that is the same as before is kept, with its keys, its cached tokens and its
    /// counters. If only the policy of an entry differs, its keys are kept. Files of keys are read
    /// again. The cache gets the size that the document names.
    ///
    /// On failure: as try_from_config(). The verifier is then unchanged.
    Result<void> try_reload(std::string_view json) const noexcept {
        return try_reload(VerifierSettings().load(json));
    }
    /// Replaces all entries by those of `settings`, as try_reload(std::string_view) does. Entries
    /// that accept() added are always new.
    Result<void> try_reload(const VerifierSettings &settings) const noexcept {
        return detail::act(bouncer_verifier_reload, handle(), settings.handle());
    }
    /// Waits up to `timeout` until all entries have keys. Returns sooner if the keys of an entry
    /// are closed, or if their metadata contains another issuer. On failure:
    /// Status::KeysUnavailable, about the first entry without keys. Other entries may have theirs.
    Result<void> try_wait_ready(std::chrono::milliseconds timeout) const noexcept {
        return detail::act(bouncer_verifier_wait_ready, handle(), timeout);
    }
    /// Returns false if waiting for the keys of all entries does not help: those of the first entry
    /// without keys are closed, or their metadata contains another issuer. For event loops, which
    /// wait with a Watch.
    [[nodiscard]] bool may_become_ready() const noexcept {
        return bouncer_verifier_may_become_ready(handle()) != 0;
    }
    /// Verifies a JWT as try_verify_token() does. With remote keys, the call may also fail with
    /// Status::KeysUnavailable. If the key is missing and a fetch may return it, the call waits up
    /// to `max_wait` (default 2 seconds). If the key is cached, the call never waits.
    Result<VerifiedToken> try_verify(std::string_view token) const noexcept {
        return detail::make<VerifiedToken>(bouncer_verifier_verify, handle(), token);
    }
    /// Verifies the token in the value of an HTTP Authorization header. It combines
    /// try_token_from_authorization() and try_verify(). The value may be a temporary. For a request
    /// without the header pass an empty string. On failure: as those two functions.
    /// Failure::http_status() and Failure::challenge() return the HTTP status and the
    /// WWW-Authenticate header for the response.
    Result<VerifiedToken> try_verify_authorization(std::string_view value) const noexcept {
        return detail::make<VerifiedToken>(bouncer_verifier_verify_authorization, handle(), value);
    }
    /// Verifies many JWTs, each as try_verify() does. `tokens` and `threads` are as for
    /// try_verify_tokens(). With remote keys, the whole call waits for keys at most `max_wait`,
    /// however many tokens need a key.
    template <class Tokens>
    Result<Batch> try_verify_batch(const Tokens &tokens, std::size_t threads = 1) const noexcept {
        return batch(bouncer_verifier_verify_batch, tokens, threads);
    }
    /// Verifies many JWTs as try_verify_batch() does, but never blocks. If a verdict depends on a
    /// fetch, VerdictView::is_pending() is true.
    template <class Tokens>
    Result<Batch> try_verify_batch_now(const Tokens &tokens,
                                       std::size_t threads = 1) const noexcept {
        return batch(bouncer_verifier_verify_batch_now, tokens, threads);
    }
    /// Makes a verifier with the same entries and a cache for about `tokens` accepted tokens: at
    /// most 2^20; 0 disables the cache.
    ///
    /// A cached token is accepted without verifying its signature again. The lookup compares the
    /// whole token, and "exp", "nbf" and the policy's `max_token_age` are checked each time. When
    /// remote keys change, the tokens of the old keys are removed. A cached token uses memory of
    /// about twice its length, until another token replaces it. Tokens over 4 KiB are not cached.
    [[nodiscard]] Result<Verifier> try_with_cache(std::size_t tokens) const noexcept {
        return detail::make<Verifier>(bouncer_verifier_with_cache, handle(), tokens);
    }
    /// Takes a snapshot of counters and states. Without a cache, the BOUNCER_STAT_CACHE_ rows have
    /// no value. Each entry has BOUNCER_STAT_VERIFICATIONS_TOTAL rows, one for each status that has
    /// occurred: see Stats::verifications(). An entry with remote keys also has the
    /// BOUNCER_STAT_KEYS_ rows. On failure: Status::NullArgument after a move.
    Result<Stats> try_stats() const noexcept {
        return detail::make<Stats>(bouncer_verifier_stats, handle());
    }
    /// Verifies a JWT as try_verify() does, but never blocks. If the verdict depends on a fetch, it
    /// is pending. Wait for its ticket in an event loop with a Watch, or with wait() on a thread
    /// that may block. Then call resume().
    ///
    ///     Verdict verdict = verifier.verify_now(token);
    ///     while (verdict.is_pending()) {
    ///         verifier.wait(verdict.ticket(), time_left);
    ///         verdict = verifier.resume(token, verdict.ticket());
    ///     }
    Verdict verify_now(std::string_view token) const noexcept { return resume(token, Ticket()); }
    /// Verifies the same token again after wait(). If the fetch has ended, the new verdict may be
    /// pending again. If the fetch has not ended, the new verdict is final, because the caller has
    /// stopped waiting.
    Verdict resume(std::string_view token, Ticket ticket) const noexcept {
        Result<VerifiedToken> result =
            detail::make<VerifiedToken>(bouncer_verifier_verify_now, handle(), token, &ticket.bits);
        const bool is_pending = !result && result.error().status() == Status::Pending;
        return is_pending ? Verdict(ticket) : Verdict(std::move(result));
    }
    /// Waits for the fetch of `ticket`. Returns true if it has ended, or if the key set is closed.
    /// Returns false on timeout, or for an empty ticket.
    bool wait(Ticket ticket, std::chrono::milliseconds timeout) const noexcept {
        return bouncer_verifier_wait(handle(), ticket.bits, detail::count(timeout)) != 0;
    }
    /// Returns how long try_verify() waits at most for the fetch of `ticket`: the `max_wait` of the
    /// keys. Returns 0 if no caller needs to wait: the keys are closed, or a reload has removed
    /// them. For event loops, which end the wait of a token themselves.
    [[nodiscard]] std::chrono::milliseconds max_wait(Ticket ticket) const noexcept {
        const std::uint64_t time = bouncer_verifier_max_wait(handle(), ticket.bits);
        return std::chrono::milliseconds(static_cast<std::int64_t>(time));
    }
    /// Makes a watch, for an event loop that waits for fetches of all keys that this verifier uses,
    /// also of keys that a reload adds. Its descriptor is readable after a reload too. If the keys
    /// never change and the verifier is never reloaded, it is never readable. On failure:
    /// Status::SystemError.
    Result<Watch> try_watch() const noexcept {
        return detail::make<Watch>(bouncer_verifier_watch, handle());
    }

#ifdef __cpp_exceptions
    /// @copydoc try_from_config @throws Error
    [[nodiscard]] static Verifier from_config(std::string_view json) {
        return try_from_config(json).or_throw();
    }
    /// @copydoc try_make(const VerifierSettings &) @throws Error
    explicit Verifier(const VerifierSettings &settings) : Verifier(try_make(settings).or_throw()) {}
    /// @copydoc try_make(const JwkSet &, const Policy &) @throws Error
    Verifier(const JwkSet &jwks, const Policy &policy)
        : Verifier(try_make(jwks, policy).or_throw()) {}
    /// @copydoc try_make(const RemoteJwkSet &, const Policy &) @throws Error
    Verifier(const RemoteJwkSet &remote, const Policy &policy)
        : Verifier(try_make(remote, policy).or_throw()) {}
    /// @copydoc try_reload(std::string_view) const @throws Error
    void reload(std::string_view json) const { try_reload(json).or_throw(); }
    /// @copydoc try_reload(const VerifierSettings &) const @throws Error
    void reload(const VerifierSettings &settings) const { try_reload(settings).or_throw(); }
    /// @copydoc try_wait_ready @throws Error
    void wait_ready(std::chrono::milliseconds timeout) const { try_wait_ready(timeout).or_throw(); }
    /// @copydoc try_verify @throws Error
    [[nodiscard]] VerifiedToken verify(std::string_view token) const {
        return try_verify(token).or_throw();
    }
    /// @copydoc try_verify_authorization @throws Error
    [[nodiscard]] VerifiedToken verify_authorization(std::string_view value) const {
        return try_verify_authorization(value).or_throw();
    }
    /// @copydoc try_verify_batch @throws Error
    template <class Tokens>
    [[nodiscard]] Batch verify_batch(const Tokens &tokens, std::size_t threads = 1) const {
        return try_verify_batch(tokens, threads).or_throw();
    }
    /// @copydoc try_verify_batch_now @throws Error
    template <class Tokens>
    [[nodiscard]] Batch verify_batch_now(const Tokens &tokens, std::size_t threads = 1) const {
        return try_verify_batch_now(tokens, threads).or_throw();
    }
    /// @copydoc try_with_cache @throws Error
    [[nodiscard]] Verifier with_cache(std::size_t tokens) const {
        return try_with_cache(tokens).or_throw();
    }
    /// @copydoc try_stats @throws Error
    [[nodiscard]] Stats stats() const { return try_stats().or_throw(); }
    /// @copydoc try_watch @throws Error
    [[nodiscard]] Watch watch() const { return try_watch().or_throw(); }
#endif

private:
    template <class Function, class Tokens>
    Result<Batch> batch(Function function, const Tokens &tokens,
                        std::size_t threads) const noexcept {
        const detail::TextArray array(tokens);
        return detail::make<Batch>(function, handle(), array.data(), array.size(), threads);
    }
};

}  // namespace bouncer
